import { describe, expect, test } from '@jest/globals';
import { EventxClosedError, type SequencedEvent } from 'nestjs-eventx';

import { RecentEvents } from '../../lib/log/recent-events.js';
import { eventAt, eventsFrom } from '../support/stored-events.js';

const windowAt = (head: number) => {
  const window = new RecentEvents<SequencedEvent>({ count: 10, bytes: 100 });
  window.reset(head, []);
  return window;
};

/** Whether a promise has settled, after all that was ready to run has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('waiting for the next event', () => {
  test('ends at once when the event is there', async () => {
    const window = windowAt(5);
    await window.waitFor(5);
    await window.ready();
    expect(window.waiting).toBe(0);
  });

  test('ends with the batch that brings the event, for all who wait for it', async () => {
    const window = windowAt(5);
    const both = [window.waitFor(6), window.waitFor(6)];
    expect(window.waiting).toBe(2);
    window.append([eventAt(6)]);
    await Promise.all(both);
    expect(window.waiting).toBe(0);
  });

  test('a waiter far ahead of the head goes on waiting, and holds up nobody', async () => {
    const window = windowAt(5);
    const ahead = window.waitFor(9);
    const near = window.waitFor(6);
    window.append([eventAt(6)]);
    await near;
    window.append([eventAt(7)]);
    expect(await isSettled(ahead)).toBe(false);
    expect(window.waiting).toBe(1);
    window.append(eventsFrom(8, 9));
    await ahead;
  });

  test('before the log was read for the first time, everybody waits', async () => {
    const window = new RecentEvents<SequencedEvent>({ count: 10, bytes: 100 });
    const first = window.waitFor(1);
    const ready = window.ready();
    const later = window.waitFor(4);
    expect(window.waiting).toBe(3);
    window.reset(3, []);
    await Promise.all([first, ready]);
    expect(await isSettled(later)).toBe(false);
  });

  test('an abort rejects with its reason, and leaves no waiter behind', async () => {
    const window = windowAt(5);
    const abort = new AbortController();
    const waiting = window.waitFor(6, abort.signal);
    const other = window.waitFor(6);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(window.waiting).toBe(1);
    window.append([eventAt(6)]);
    await other;
    await expect(window.waitFor(7, abort.signal)).rejects.toBe(reason);
    expect(window.waiting).toBe(0);
  });

  test('an abort after the event came changes nothing', async () => {
    const window = windowAt(5);
    const abort = new AbortController();
    const waiting = window.waitFor(6, abort.signal);
    window.append([eventAt(6)]);
    abort.abort();
    await waiting;
  });
});

describe('a log that was replaced', () => {
  test('is another generation, and wakes everybody, wherever they wait', async () => {
    const window = windowAt(5);
    const before = window.generation;
    const waiters = [window.waitFor(6), window.waitFor(900)];
    window.restart(2, eventsFrom(1, 2));
    await Promise.all(waiters);
    expect(window.generation).not.toBe(before);
    expect([window.first, window.head, window.waiting]).toEqual([1, 2, 0]);
  });

  test('a mere gap is no other generation', () => {
    const window = windowAt(5);
    const before = window.generation;
    window.reset(100, []);
    expect(window.generation).toBe(before);
  });
});

describe('a closed window', () => {
  test('rejects those who wait and those who come to wait, but not those with an event at hand', async () => {
    const window = windowAt(5);
    const waiting = window.waitFor(6);
    window.close();
    await expect(waiting).rejects.toBeInstanceOf(EventxClosedError);
    await expect(window.waitFor(6)).rejects.toBeInstanceOf(EventxClosedError);
    await window.waitFor(5);
    expect(window.waiting).toBe(0);
  });
});
