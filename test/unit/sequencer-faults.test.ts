import { beforeEach, describe, expect, test } from '@jest/globals';

import { answerLost, notSent } from '../support/faulty-storage.js';
import { SeededRandom } from '../support/seeded-random.js';
import { SequencerBench } from '../support/sequencer.js';
import { range } from '../support/stored-events.js';

describe('G9 faults: the sequencer', () => {
  let log: SequencerBench;
  beforeEach(() => {
    log = new SequencerBench();
  });

  test('loses nothing and hands out nothing twice when the answer of a commit was lost', async () => {
    log.insert(3);
    log.storage.inject('sequence', answerLost);
    expect(await log.drain()).toBe(1);
    await log.expectAll(3);
    expect(log.heldIds).toEqual([1, 2, 3]);
  });

  test('nor when a rival went on meanwhile', async () => {
    log.insert(3);
    log.storage.inject('sequence', async (call) => {
      await call();
      log.insert(2);
      await log.rival();
      throw new Error('the answer is lost');
    });
    await log.drain();
    await log.expectAll(5);
  });

  test('gives the same numbers, once, when a commit did not reach the database', async () => {
    log.insert(3);
    log.storage.inject('sequence', notSent);
    expect(await log.drain()).toBe(1);
    await log.expectAll(3);
  });

  test('does not believe after an error that the log is where it was', async () => {
    await log.drain();
    log.insert(3);
    log.storage.inject('sequence', answerLost);
    await expect(log.step()).rejects.toThrow();
    log.insert(2);
    // Else it would ask for numbers that are given, and be refused.
    expect(await log.step()).toBe('idle');
    await log.expectAll(5);
  });

  test.each(['readState', 'readPending', 'readLast', 'sequence'] as const)(
    'goes on where it was when %s fails',
    async (method) => {
      log.insert(3);
      await log.rival();
      log.insert(3);
      log.storage.inject(method, notSent);
      log.storage.inject(method, answerLost);
      expect(await log.drain()).toBe(2);
      await log.expectAll(6);
    },
  );

  test('reads on from the last event it has when reading what others numbered fails', async () => {
    log.insert(2);
    await log.drain();
    log.insert(9);
    await log.rival();
    log.storage.inject('read', notSent);
    log.storage.inject('read', (call) => call());
    log.storage.inject('read', answerLost);
    expect(await log.drain()).toBe(2);
    await log.expectAll(11);
  });

  test('asks for a small batch again after an error', async () => {
    log.insert(12);
    await log.step();
    log.storage.inject('readPending', notSent);
    await expect(log.step()).rejects.toThrow('gone');
    await log.step();
    expect(log.window.head).toBe(8);
  });

  test('and a second one, with faults everywhere: both see every number once', async () => {
    const random = new SeededRandom(7);
    log.storage.always(() => {
      const dice = random.next();
      if (dice < 0.1) return notSent;
      return dice < 0.2 ? answerLost : undefined;
    });
    const other = log.second();
    for (let round = 0; round < 60; round++) {
      log.insert(1 + (round % 12));
      await Promise.all([log.drain(), other.drain()]);
    }
    await Promise.all([log.drain(), other.drain()]);
    await log.expectAll(390);
    expect(log.heldIds).toEqual(range(1, 390));
    expect(other.window.read(1, { count: 10_000, bytes: 1e9 })).toEqual(log.held);
    expect(log.truncations).toEqual([]);
  });
});
