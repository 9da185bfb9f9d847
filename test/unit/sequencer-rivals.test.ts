import { beforeEach, describe, expect, test } from '@jest/globals';

import { justAfter } from '../support/faulty-storage.js';
import { SequencerBench, SIZES } from '../support/sequencer.js';
import { range } from '../support/stored-events.js';

describe('G6 any replica: the sequencer and its rivals', () => {
  let log: SequencerBench;
  beforeEach(() => {
    log = new SequencerBench();
  });

  test('takes over the numbers of one that was faster, and gives the next', async () => {
    await log.drain();
    log.insert(3);
    log.storage.inject('sequence', justAfter(log.rival));
    await log.drain();
    await log.expectAll(3);
    log.insert(1);
    await log.drain();
    await log.expectAll(4);
  });

  test('says that it was outrun', async () => {
    await log.drain();
    log.insert(3);
    log.storage.inject('sequence', justAfter(log.rival));
    // Outrun, then it reads what the other one did, then it is on its own again.
    const rounds = [await log.step(), await log.step(), await log.step()];
    expect(rounds).toEqual(['contended', 'contended', 'idle']);
  });

  test('leaves the numbers to one that is faster for as long as that goes on, and no longer', async () => {
    await log.drain();
    log.insert(3);
    log.storage.inject('sequence', justAfter(log.rival));
    expect(await log.step()).toBe('contended');
    for (let round = 0; round < 3; round++) {
      log.insert(2);
      await log.rival();
      log.insert(1);
      const { sequence, readPending } = log.storage.calls;
      expect(await log.step()).toBe('contended');
      expect(log.storage.calls).toMatchObject({ sequence, readPending });
    }
    expect(await log.step()).toBe('idle');
    await log.expectAll(12);
  });

  test('leaves no hole where an event vanished under it', async () => {
    log.insert(3);
    log.storage.inject(
      'sequence',
      justAfter(() => log.table.delete(2)),
    );
    await log.drain();
    await log.expectAll(2);
    expect(log.heldIds).toEqual([1, 3]);
  });

  test('looks for their events when it finds none without a number', async () => {
    await log.drain();
    log.insert(3);
    await log.rival();
    await log.drain();
    await log.expectAll(3);
  });

  test('reads all that they did meanwhile, in batches', async () => {
    log.insert(2);
    await log.drain();
    log.insert(SIZES.largest * 4);
    await log.rival();
    await log.drain();
    expect(log.window.first).toBe(1);
    await log.expectAll(34);
    expect(log.storage.calls.read).toBeGreaterThan(2);
  });

  test('reads only the newest when they are far ahead, without a hole in the window', async () => {
    log.insert(2);
    log.restart({ initialWindow: 5 });
    await log.drain();
    log.insert(SIZES.largest * 4 + 1);
    await log.rival();
    await log.drain();
    expect(log.heldSeqs).toEqual(range(31, 35));
    expect(log.storage.calls.read).toBe(0);
  });

  test('goes on with what there is when retention has deleted what they did', async () => {
    log.insert(2);
    await log.drain();
    log.insert(9);
    await log.rival();
    await log.table.deleteBefore(7, 100);
    await log.drain();
    expect(log.heldSeqs).toEqual(range(7, 11));
  });

  test('goes on with the numbers when retention has deleted everything', async () => {
    log.insert(2);
    await log.drain();
    log.insert(9);
    await log.rival();
    await log.table.deleteBefore(100, 100);
    await log.drain();
    expect([log.window.first, log.window.head]).toEqual([12, 11]);
    log.insert(1);
    await log.drain();
    expect(log.heldSeqs).toEqual([12]);
  });

  test.each([1, 2, 40])('sees no truncation when they are %p events ahead', async (count) => {
    log.insert(2);
    await log.drain();
    log.insert(count);
    await log.rival();
    await log.table.deleteBefore(3, 100);
    await log.drain();
    expect(log.truncations).toEqual([]);
    expect(log.window.generation).toBe(0);
  });
});
