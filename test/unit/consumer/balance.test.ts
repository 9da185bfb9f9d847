import { describe, expect, test } from '@jest/globals';

import { handoverTo } from '../../../lib/consumer/ownership/balance.js';
import type { ConsumerRecord } from '../../../lib/storage/index.js';
import { SeededRandom } from '../../support/seeded-random.js';

const record = (
  consumer: string,
  owner: string | null,
  more: Partial<ConsumerRecord> = {},
): ConsumerRecord => ({
  consumer,
  owner,
  offset: 0,
  uuid: null,
  fencingToken: 1,
  wantedBy: null,
  paused: false,
  halted: false,
  lastError: null,
  lastOwner: owner,
  failingSince: null,
  stuck: null,
  lagEvents: 0,
  lagMs: 0,
  ...more,
});

const ALL = new Set(['a', 'b', 'c', 'd', 'e', 'f']);

describe('spreading consumers over processes', () => {
  test('who has two fewer than another asks it for one', () => {
    const records = [record('a', 'anna'), record('b', 'anna')];
    expect(handoverTo('ben', records, ALL)).toEqual({ consumer: 'a', from: 'anna' });
  });

  test('who has one fewer asks nobody: it would only move the difference', () => {
    expect(handoverTo('ben', [record('a', 'anna')], ALL)).toBeNull();
    const records = [record('a', 'anna'), record('b', 'anna'), record('c', 'ben')];
    expect(handoverTo('ben', records, ALL)).toBeNull();
  });

  test('it asks the one that has most', () => {
    const records = [
      ...['a', 'b'].map((name) => record(name, 'anna')),
      ...['c', 'd', 'e'].map((name) => record(name, 'carl')),
    ];
    expect(handoverTo('ben', records, ALL)).toEqual({ consumer: 'c', from: 'carl' });
  });

  test('it asks for one at a time, and for none that somebody else asked for', () => {
    const wanted = record('a', 'anna', { wantedBy: 'ben' });
    const others = ['b', 'c', 'd'].map((name) => record(name, 'anna'));
    expect(handoverTo('ben', [wanted, ...others], ALL)).toBeNull();
    expect(handoverTo('carl', [wanted, ...others], ALL)).toEqual({ consumer: 'b', from: 'anna' });
  });

  test('one it asked for that was paused or halted meanwhile is not waited for', () => {
    for (const held of [{ paused: true }, { halted: true }]) {
      const lost = record('a', null, { wantedBy: 'ben', ...held });
      const others = ['b', 'c'].map((name) => record(name, 'anna'));
      expect(handoverTo('ben', [lost, ...others], ALL)).toEqual({ consumer: 'b', from: 'anna' });
    }
  });

  test('it asks for none that is about to stop, that it cannot run, or that nobody has', () => {
    const records = [
      record('a', 'anna', { paused: true }),
      record('b', 'anna', { halted: true }),
      record('z', 'anna'),
      record('c', null),
    ];
    expect(handoverTo('ben', records, ALL)).toBeNull();
  });

  test('whatever the start, processes that take turns asking come to rest evenly', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 300; round++) {
      const processes = Array.from({ length: random.between(1, 5) }, (_, index) => `p${index}`);
      const names = Array.from({ length: random.between(0, 12) }, (_, index) => `c${index}`);
      const owners = new Map(
        names.map((name) => [name, processes[random.between(0, processes.length - 1)]!]),
      );
      const ask = (me: string) => {
        const records = [...owners].map(([name, owner]) => record(name, owner));
        const handover = handoverTo(me, records, new Set(names));
        if (handover) owners.set(handover.consumer, me);
        return handover !== null;
      };
      let moves = 0;
      while (processes.map(ask).some(Boolean)) expect(moves++).toBeLessThan(100);
      const counts = processes.map(
        (process) => [...owners.values()].filter((owner) => owner === process).length,
      );
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });
});
