import assert from 'node:assert/strict';

import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type { EventxStorage, RetentionStorage } from '../storage/index.js';

/** Events written by a transaction that is still open. */
export interface OpenTransaction {
  /** The ids its events got, ascending. */
  readonly ids: readonly number[];
  commit(): Promise<void> | void;
  rollback(): Promise<void> | void;
}

/** What the contract needs of the storage under test, around a log that is new and empty. */
export interface StorageHarness {
  readonly storage: EventxStorage<SequencedEvent, PendingEvent> & RetentionStorage;
  /** The same log as another process sees it: it shares nothing with `storage` but the database. */
  readonly rival: EventxStorage<SequencedEvent, PendingEvent>;
  /** Writes events in one transaction that is committed. @returns their ids, ascending */
  readonly insert: (count: number) => Promise<readonly number[]>;
  /** Writes events in a transaction that stays open. Left out where the database has one writer at a time. */
  readonly begin?: (count: number) => Promise<OpenTransaction>;
  /** Makes a consumer known that is done with `seq`, and what comes before it. Left out where the storage keeps no offsets. */
  readonly register?: (consumer: string, seq: number) => Promise<void>;
  /** Deletes an event by hand. */
  readonly remove: (id: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ContractCase {
  /** What must hold. */
  readonly name: string;
  /** Rejects with an AssertionError when it does not. */
  readonly run: () => Promise<void>;
}

/**
 * The storage contract as test cases, for any test runner.
 *
 * @example
 * describe('my storage', () => {
 *   for (const { name, run } of storageContract(createHarness)) test(name, run);
 * });
 * @param createHarness called for each case; gives a new, empty log
 */
export function storageContract(createHarness: () => Promise<StorageHarness>): ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    async run() {
      const harness = await createHarness();
      try {
        await check(harness);
      } finally {
        await harness.close();
      }
    },
  }));
}

const CASES: Readonly<Record<string, (harness: StorageHarness) => Promise<void>>> = {
  'a new log stands at 0 and is empty': async ({ storage }) => {
    assert.equal((await storage.readState()).lastSeq, 0);
    assert.deepEqual(await storage.readPending(10), []);
    assert.deepEqual(await storage.read(1, 10), []);
    assert.deepEqual(await storage.readLast(10), []);
    assert.equal(await storage.readMinSeq(), null);
  },

  'pending events come smallest id first, within the limit': async ({ storage, insert }) => {
    const ids = [...(await insert(3)), ...(await insert(4))];
    assert.deepEqual(idsOf(await storage.readPending(100)), ids);
    assert.deepEqual(idsOf(await storage.readPending(2)), ids.slice(0, 2));
  },

  'numbers follow the state row, in the order given, for every reader': async ({
    storage,
    rival,
    insert,
  }) => {
    const ids = await insert(5);
    assert.deepEqual(pairs(await numberAll(storage, 3)), [
      [ids[0], 1],
      [ids[1], 2],
      [ids[2], 3],
    ]);
    assert.deepEqual(seqsOf(await numberAll(storage)), [4, 5]);
    assert.equal((await rival.readState()).lastSeq, 5);
    assert.deepEqual(
      pairs(await rival.read(1, 10)),
      ids.map((id, index) => [id, index + 1]),
    );
    assert.deepEqual(await rival.readPending(10), []);
  },

  'a numbered event is whole: the same as when it is read again': async ({ storage, insert }) => {
    await insert(3);
    const assigned = await numberAll(storage);
    const read = await storage.read(1, 10);
    assert.deepEqual(JSON.parse(JSON.stringify(assigned)), JSON.parse(JSON.stringify(read)));
  },

  'a runner that knows an old state changes nothing': async ({ storage, rival, insert }) => {
    await insert(2);
    const stale = await storage.readState();
    const seen = await storage.readPending(10);
    await numberAll(rival, 1);
    await insert(1);
    assert.deepEqual(await storage.sequence(stale, seen), { outcome: 'conflict' });
    assert.equal((await storage.readState()).lastSeq, 1);
    assert.deepEqual(seqsOf(await storage.read(1, 10)), [1]);
    assert.equal((await storage.readPending(10)).length, 2);
  },

  'a number that was given never changes': async ({ storage, rival, insert }) => {
    await insert(2);
    const seen = await storage.readPending(10);
    await numberAll(rival, 1);
    // Knows the new state, but one of its events has a number by now.
    const result = await storage.sequence(await storage.readState(), seen);
    assert.deepEqual(result, { outcome: 'conflict' });
    assert.deepEqual(pairs(await storage.read(1, 10)), [[seen[0]!.id, 1]]);
    assert.equal((await storage.readState()).lastSeq, 1);
  },

  'an event that is gone leaves no hole': async ({ storage, insert, remove }) => {
    const ids = await insert(3);
    const log = await storage.readState();
    const seen = await storage.readPending(10);
    await remove(ids[1]!);
    assert.deepEqual(await storage.sequence(log, seen), { outcome: 'conflict' });
    assert.equal((await storage.readState()).lastSeq, 0);
    assert.deepEqual(pairs(await numberAll(storage)), [
      [ids[0], 1],
      [ids[2], 2],
    ]);
  },

  'a log that was replaced takes no numbers from before': async ({ storage, insert }) => {
    await insert(1);
    const other = { ...(await storage.readState()), logId: 'another-log' };
    const result = await storage.sequence(other, await storage.readPending(10));
    assert.deepEqual(result, { outcome: 'conflict' });
    assert.deepEqual(await storage.read(1, 10), []);
  },

  'of two runners at once exactly one wins': async ({ storage, rival, insert }) => {
    for (let round = 0; round < 20; round++) {
      await insert(3);
      const runners = [storage, rival];
      const states = await Promise.all(runners.map((runner) => runner.readState()));
      const pending = await Promise.all(runners.map((runner) => runner.readPending(10)));
      const results = await Promise.allSettled(
        runners.map((runner, index) => runner.sequence(states[index]!, pending[index]!)),
      );
      const winners = results.filter(
        (result) => result.status === 'fulfilled' && result.value.outcome === 'sequenced',
      );
      assert.equal(winners.length, 1, `round ${round}`);
    }
    assert.deepEqual(seqsOf(await storage.read(1, 100)), upTo(60));
  },

  'ids with holes get numbers without': async ({ storage, insert, remove }) => {
    const kept: number[] = [];
    for (const id of await insert(150)) {
      if (id % 2 === 0 || id % 7 === 0) kept.push(id);
      else await remove(id);
    }
    await numberAll(storage);
    const expected = kept.map((id, index) => [id, index + 1]);
    assert.deepEqual(pairs(await storage.read(1, 1000)), expected);
  },

  'open transactions are neither seen nor waited for': async ({ storage, insert, begin }) => {
    if (!begin) return;
    const open = await begin(2);
    const ids = await insert(1);
    assert.deepEqual(idsOf(await storage.readPending(10)), ids);
    assert.deepEqual(pairs(await numberAll(storage)), [[ids[0], 1]]);
    await open.rollback();
    assert.deepEqual(await storage.readPending(10), []);
  },

  'a late commit is not overtaken by a transaction that began after it': async ({
    storage,
    insert,
    begin,
  }) => {
    if (!begin) return;
    const first = await begin(1);
    await insert(1);
    await numberAll(storage);
    await first.commit();
    const third = await insert(1);
    assert.deepEqual(idsOf(await storage.readPending(1)), first.ids);
    assert.deepEqual(idsOf(await storage.readPending(10)), [...first.ids, ...third]);
  },

  'reading from a number takes it and what follows, within the limit': async ({
    storage,
    insert,
  }) => {
    await insert(10);
    await numberAll(storage, 8);
    assert.deepEqual(seqsOf(await storage.read(3, 4)), [3, 4, 5, 6]);
    assert.deepEqual(seqsOf(await storage.read(7, 100)), [7, 8]);
    assert.deepEqual(await storage.read(9, 100), []);
  },

  'the last events come in order': async ({ storage, insert }) => {
    await insert(10);
    await numberAll(storage, 8);
    assert.deepEqual(seqsOf(await storage.readLast(3)), [6, 7, 8]);
    assert.deepEqual(seqsOf(await storage.readLast(100)), upTo(8));
  },

  'what is confirmed is what was committed, and nobody is held up by it': async ({
    storage,
    rival,
    insert,
    begin,
    remove,
  }) => {
    if (!storage.confirmState || !storage.confirmRead) return;
    const ids = await insert(4);
    const open = await begin?.(1);
    await numberAll(rival, 3);
    await remove(ids[1]!);
    const state = await storage.confirmState();
    assert.deepEqual(state, await rival.readState());
    assert.equal(state.lastSeq, 3);
    assert.deepEqual(seqsOf(await storage.confirmRead(1, 10)), [1, 3]);
    assert.deepEqual(seqsOf(await storage.confirmRead(2, 1)), [3]);
    assert.deepEqual(await storage.confirmRead(4, 10), []);
    assert.deepEqual(
      JSON.parse(JSON.stringify(await storage.confirmRead(1, 10))),
      JSON.parse(JSON.stringify(await rival.read(1, 10))),
    );
    assert.deepEqual(seqsOf(await numberAll(rival)), [4]);
    assert.equal((await storage.confirmState()).lastSeq, 4);
    await open?.rollback();
  },

  'retention deletes the oldest events, some at a time': async ({ storage, insert }) => {
    await insert(10);
    await numberAll(storage, 8);
    assert.equal(await storage.deleteBefore(6, 3), 3);
    assert.equal(await storage.readMinSeq(), 4);
    assert.equal(await storage.deleteBefore(6, 100), 2);
    assert.deepEqual(seqsOf(await storage.read(1, 100)), [6, 7, 8]);
    assert.equal(await storage.deleteBefore(6, 100), 0);
    assert.equal((await storage.readPending(100)).length, 2);
  },

  'retention keeps what a consumer has yet to handle, unless it is told to ignore them': async ({
    storage,
    insert,
    register,
  }) => {
    if (!register) return;
    await insert(10);
    await numberAll(storage);
    await register('far', 8);
    await register('near', 3);
    assert.equal(await storage.deleteBefore(7, 100), 3);
    assert.equal(await storage.readMinSeq(), 4);
    assert.equal(await storage.deleteBefore(7, 100), 0);
    assert.equal(await storage.deleteBefore(7, 2, { ignoreConsumers: true }), 2);
    assert.equal(await storage.readMinSeq(), 6);
  },

  'retention deletes nothing of a log that is another one, or has moved back': async ({
    storage,
    insert,
  }) => {
    await insert(5);
    await numberAll(storage);
    const since = await storage.readState();
    const another = { ...since, logId: 'another-log' };
    const further = { ...since, lastSeq: 6 };
    assert.equal(await storage.deleteBefore(3, 100, { since: another }), 0);
    assert.equal(await storage.deleteBefore(3, 100, { since: further }), 0);
    assert.equal(await storage.readMinSeq(), 1);
    // It may go on.
    await insert(1);
    await numberAll(storage);
    assert.equal(await storage.deleteBefore(3, 100, { since }), 2);
  },

  'numbers go on after retention emptied the log': async ({ storage, rival, insert }) => {
    await insert(3);
    await numberAll(storage);
    assert.equal(await storage.deleteBefore(100, 100), 3);
    assert.equal(await storage.readMinSeq(), null);
    assert.equal((await rival.readState()).lastSeq, 3);
    await insert(1);
    assert.deepEqual(seqsOf(await numberAll(rival)), [4]);
  },
};

/** Numbers what is pending, up to a limit, as a runner without rivals does. */
async function numberAll(
  storage: EventxStorage<SequencedEvent, PendingEvent>,
  limit = 1000,
): Promise<readonly SequencedEvent[]> {
  const log = await storage.readState();
  const result = await storage.sequence(log, await storage.readPending(limit));
  assert.equal(result.outcome, 'sequenced');
  return (result as { events: readonly SequencedEvent[] }).events;
}

const idsOf = (events: readonly { id: number }[]) => events.map(({ id }) => id);
const seqsOf = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);
const pairs = (events: readonly SequencedEvent[]) => events.map(({ id, seq }) => [id, seq]);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
