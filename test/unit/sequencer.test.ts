import { beforeEach, describe, expect, test } from '@jest/globals';

import { SequencerBench } from '../support/sequencer.js';
import { range } from '../support/stored-events.js';

describe('the sequencer', () => {
  let log: SequencerBench;
  beforeEach(() => {
    log = new SequencerBench();
  });

  test('numbers in the order of ids, batch after batch, larger while they are full', async () => {
    log.insert(30);
    await log.drain();
    await log.expectAll(30);
    expect(log.heldIds).toEqual(range(1, 30));
    // 4, 8, 8, 8, and a short one of 2.
    expect(log.storage.calls.sequence).toBe(5);
  });

  test('asks a quiet log for nothing but its pending events and its state', async () => {
    log.insert(3);
    await log.drain();
    const before = { ...log.storage.calls };
    await log.drain();
    expect(log.storage.calls).toEqual({
      ...before,
      readPending: before.readPending + 1,
      readState: before.readState + 1,
    });
  });

  test('follows a log that was there before it', async () => {
    log.insert(20);
    await log.rival();
    await log.drain();
    expect(log.window.first).toBe(1);
    log.insert(2);
    await log.drain();
    await log.expectAll(22);
  });

  test('loads as many of the newest events as it is told to', async () => {
    log.insert(20);
    await log.rival();
    log.restart({ initialWindow: 5 });
    await log.drain();
    expect(log.heldSeqs).toEqual(range(16, 20));
    log.restart({ initialWindow: 0 });
    await log.drain();
    expect([log.window.first, log.window.head]).toEqual([21, 20]);
    expect(log.storage.calls.readLast).toBe(1);
  });

  test('loads what follows the last hole: rows were deleted by hand', async () => {
    log.insert(10);
    await log.rival();
    log.table.delete(7);
    await log.drain();
    expect(log.heldSeqs).toEqual([8, 9, 10]);
    log.table.delete(10);
    log.restart();
    await log.drain();
    expect([log.window.first, log.window.head]).toEqual([11, 10]);
  });

  test('that does not number only follows what others number', async () => {
    log.restart({ numbers: false });
    log.insert(3);
    await log.drain();
    expect(log.window.head).toBe(0);
    await log.rival();
    await log.drain();
    await log.expectAll(3);
    expect(log.storage.calls).toMatchObject({ readPending: 0, sequence: 0 });
  });
});
