import { describe, expect, test } from '@jest/globals';
import { LogCorruptError, type SequencedEvent } from 'nestjs-eventx';

import { RecentEvents } from '../../lib/log/recent-events.js';
import { collectGarbage } from '../support/garbage.js';
import { eventAt, eventsFrom, range, seqsOf } from '../support/stored-events.js';

const ANY = { count: 1000, bytes: 1000 };

function windowOf(limits: { count?: number; bytes?: number } = {}) {
  return new RecentEvents<SequencedEvent>({ count: 10, bytes: 100, ...limits });
}

const held = (window: RecentEvents<SequencedEvent>) => seqsOf(window.read(window.first, ANY));

describe('the window holds the newest events', () => {
  test('knows no head before the log was read', () => {
    const window = windowOf();
    expect(window.head).toBeNull();
    expect(window.first).toBe(1);
    expect(window.last).toBeUndefined();
  });

  test('what is appended can be read from any place on, within the limits', () => {
    const window = windowOf();
    window.reset(4, eventsFrom(3, 4));
    window.append(eventsFrom(5, 8));
    expect([window.first, window.head, window.last?.seq]).toEqual([3, 8, 8]);
    expect(seqsOf(window.read(5, ANY))).toEqual([5, 6, 7, 8]);
    expect(seqsOf(window.read(3, { count: 2, bytes: 1000 }))).toEqual([3, 4]);
    expect(seqsOf(window.read(4, { count: 100, bytes: 3 }))).toEqual([4, 5, 6]);
  });

  test('a batch that was handed out does not change later', () => {
    const window = windowOf({ count: 2 });
    window.append(eventsFrom(1, 2));
    const batch = window.read(1, ANY);
    for (let seq = 3; seq < 20; seq++) window.append([eventAt(seq)]);
    expect(seqsOf(batch)).toEqual([1, 2]);
  });

  test('an empty log begins at 1', () => {
    const window = windowOf();
    window.reset(0, []);
    expect([window.first, window.head]).toEqual([1, 0]);
    window.append([eventAt(1)]);
    expect(held(window)).toEqual([1]);
  });

  test('events that do not follow the head are refused, and nothing changes', () => {
    const window = windowOf();
    window.reset(2, eventsFrom(1, 2));
    for (const wrong of [[eventAt(4)], [eventAt(2)], [eventAt(3), eventAt(5)]]) {
      expect(() => window.append(wrong)).toThrow(LogCorruptError);
    }
    expect(() => window.reset(9, [eventAt(7), eventAt(9)])).toThrow(
      /event 7 where event 8 belongs/,
    );
    expect([window.head, held(window)]).toEqual([2, [1, 2]]);
  });
});

describe('the window shrinks', () => {
  test('to its count', () => {
    const window = windowOf({ count: 3 });
    window.reset(2, eventsFrom(1, 2));
    window.append(eventsFrom(3, 4));
    expect(held(window)).toEqual([2, 3, 4]);
    window.append([eventAt(5)]);
    expect(held(window)).toEqual([3, 4, 5]);
  });

  test('to its bytes', () => {
    const window = windowOf({ bytes: 100 });
    window.append(eventsFrom(1, 3, 40));
    window.append([eventAt(4, 20)]);
    expect(held(window)).toEqual([2, 3, 4]);
    window.append([eventAt(5, 1)]);
    expect(held(window)).toEqual([3, 4, 5]);
  });

  test('when it is loaded anew', () => {
    const window = windowOf({ count: 3 });
    window.reset(20, eventsFrom(11, 20));
    expect(held(window)).toEqual([18, 19, 20]);
  });

  test('but never the last batch, however large: subscribers would all go to the table for it', () => {
    const window = windowOf({ count: 3, bytes: 10 });
    window.append(eventsFrom(1, 8, 40));
    expect(held(window)).toEqual(range(1, 8));
    window.append(eventsFrom(9, 10, 40));
    expect(held(window)).toEqual([9, 10]);
  });

  test('and lets go of what it dropped: memory stays below twice the limits', async () => {
    const window = windowOf({ count: 10 });
    const dropped: WeakRef<SequencedEvent>[] = [];
    for (let seq = 1; seq <= 100; seq++) {
      const event = eventAt(seq);
      dropped.push(new WeakRef(event));
      window.append([event]);
    }
    await collectGarbage();
    const alive = dropped.filter((reference) => reference.deref() !== undefined);
    expect(alive.length).toBeGreaterThanOrEqual(10);
    expect(alive.length).toBeLessThan(20);
  });
});
