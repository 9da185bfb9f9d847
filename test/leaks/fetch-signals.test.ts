import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EventxRunner } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { collectGarbage } from '../support/garbage.js';
import { range } from '../support/stored-events.js';

let stopping: AbortController;
let storage: InMemoryEventStorage<number>;
let runner: EventxRunner<InMemoryEvent<number>>;
let running: Promise<void>;
beforeEach(() => {
  stopping = new AbortController();
  storage = new InMemoryEventStorage();
  runner = new EventxRunner<InMemoryEvent<number>>(storage, { windowSize: 5, initialWindow: 5 });
  running = runner.run(stopping.signal);
});
afterEach(async () => {
  stopping.abort();
  await running;
});

test('a signal given to a hundred thousand fetches keeps no listener', async () => {
  const { signal } = new AbortController();
  storage.insert(...range(1, 100));
  runner.signal();
  await runner.reached(100);
  const listeners = () => getEventListeners(signal, 'abort').length;

  const fromMemory = runner.subscriber({ from: 99 });
  for (let times = 0; times < 100_000; times++) {
    fromMemory.seek(99);
    await fromMemory.fetch(signal);
  }
  expect(listeners()).toBe(0);

  const fromTable = runner.subscriber({ from: 1, fetchLimit: 1 });
  for (let times = 0; times < 10_000; times++) {
    fromTable.seek((times % 50) + 1);
    await fromTable.fetch(signal);
  }
  expect(listeners()).toBe(0);

  const atTheHead = runner.subscriber({ from: 101 });
  for (let times = 0; times < 300; times++) {
    const waiting = atTheHead.fetch(signal);
    await nextTurn();
    expect(listeners()).toBe(1);
    storage.insert(times);
    runner.signal();
    await waiting;
  }
  expect(listeners()).toBe(0);
  expect(runner.status.waiting).toBe(0);
});

test('what was given up is forgotten, with its signal', async () => {
  await runner.ready();
  const signals: WeakRef<AbortSignal>[] = [];
  for (let times = 0; times < 1000; times++) {
    const controller = new AbortController();
    const waiting = runner.subscriber({ from: 1000 }).fetch(controller.signal);
    signals.push(new WeakRef(controller.signal));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  }
  expect(runner.status.waiting).toBe(0);
  await collectGarbage();
  const kept = signals.filter((signal) => signal.deref() !== undefined).length;
  expect(kept).toBeLessThan(50);
});
