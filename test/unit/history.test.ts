import { describe, expect, test } from '@jest/globals';
import type { SequencedEvent } from 'nestjs-eventx';

import { History, type HistoryLimits } from '../../lib/log/history.js';
import { eventsFrom, range, seqsOf } from '../support/stored-events.js';

const ANY = { count: 1000, bytes: 1_000_000 };

interface Read {
  readonly from: number;
  readonly limit: number;
}

/** A table that counts how often it is read. */
function historyOf(events: readonly SequencedEvent[], limits: Partial<HistoryLimits> = {}) {
  const reads: Read[] = [];
  const table = { events, failure: null as Error | null };
  const storage = {
    read: (from: number, limit: number): Promise<readonly SequencedEvent[]> => {
      reads.push({ from, limit });
      if (table.failure) return Promise.reject(table.failure);
      return Promise.resolve(table.events.filter(({ seq }) => seq >= from).slice(0, limit));
    },
  };
  const history = new History<SequencedEvent>(storage, {
    readCount: 100,
    readBytes: 1_000_000,
    ...limits,
  });
  return { history, reads, table };
}

describe('subscribers behind the window', () => {
  test('at the same place cause one read, also while it is under way', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300));
    const batches = await Promise.all(range(1, 50).map(() => history.read(1, 300, ANY)));
    for (const batch of batches) expect(seqsOf(batch)).toEqual(range(1, 100));
    expect(await history.read(1, 300, ANY)).toHaveLength(100);
    expect(reads).toEqual([{ from: 1, limit: 100 }]);
  });

  test('close behind each other share it as well, each with limits of its own', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300));
    const [first, second] = await Promise.all([
      history.read(1, 300, { count: 10, bytes: 1000 }),
      history.read(40, 300, { count: 100, bytes: 5 }),
    ]);
    expect(seqsOf(first)).toEqual(range(1, 10));
    expect(seqsOf(second)).toEqual(range(40, 44));
    expect(seqsOf(await history.read(11, 300, { count: 2, bytes: 1000 }))).toEqual([11, 12]);
    expect(reads).toHaveLength(1);
  });

  test('read on where the shared read ended', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300));
    expect(await history.read(1, 300, ANY)).toHaveLength(100);
    expect(seqsOf(await history.read(101, 300, ANY))).toEqual(range(101, 200));
    expect(reads.map(({ from }) => from)).toEqual([1, 101]);
  });

  test('ask for no more than is known to exist', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300));
    expect(seqsOf(await history.read(7, 9, ANY))).toEqual([7, 8, 9]);
    expect(reads).toEqual([{ from: 7, limit: 3 }]);
  });

  test('ask for fewer events where they are large', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300, 50_000), { readBytes: 102_400 });
    for (let from = 1; from < 108;) from += (await history.read(from, 300, ANY)).length;
    expect(reads[0]!.limit).toBe(100);
    expect(reads.at(-1)!.limit).toBe(2);
  });

  test('have the log’s latest reads kept, but not more bytes than the limit', async () => {
    const { history, reads } = historyOf(eventsFrom(1, 300, 100), {
      readBytes: 20_000,
      readCount: 50,
    });
    for (const from of [1, 51, 101, 151, 201]) await history.read(from, 300, ANY);
    const before = reads.length;
    await history.read(201, 300, ANY);
    expect(reads).toHaveLength(before);
    await history.read(1, 300, ANY);
    expect(reads).toHaveLength(before + 1);
  });
});

describe('what the table does not have', () => {
  test('a batch ends before a hole', async () => {
    const { history } = historyOf([...eventsFrom(1, 5), ...eventsFrom(7, 9)]);
    expect(seqsOf(await history.read(1, 9, ANY))).toEqual(range(1, 5));
  });

  test('nothing is handed out at a hole, and the table is asked again', async () => {
    const { history, reads, table } = historyOf([...eventsFrom(1, 5), ...eventsFrom(7, 9)]);
    expect(await history.read(6, 9, ANY)).toEqual([]);
    table.events = eventsFrom(1, 9);
    expect(seqsOf(await history.read(6, 9, ANY))).toEqual(range(6, 9));
    expect(reads).toHaveLength(2);
  });

  test('a hole in the middle of a shared read hides nothing behind it', async () => {
    const { history } = historyOf([...eventsFrom(1, 5), ...eventsFrom(7, 9)]);
    await history.read(1, 9, ANY);
    expect(await history.read(6, 9, ANY)).toEqual([]);
    expect(seqsOf(await history.read(7, 9, ANY))).toEqual([7, 8, 9]);
  });
});

describe('a read that fails', () => {
  test('fails for all who share it, and is not kept', async () => {
    const { history, reads, table } = historyOf(eventsFrom(1, 9));
    table.failure = new Error('gone away');
    const both = await Promise.allSettled([history.read(1, 9, ANY), history.read(2, 9, ANY)]);
    expect(both.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(reads).toHaveLength(1);
    table.failure = null;
    expect(seqsOf(await history.read(1, 9, ANY))).toEqual(range(1, 9));
  });
});

describe('a log that was replaced', () => {
  test('is read anew', async () => {
    const { history, table } = historyOf(eventsFrom(1, 9, 1));
    await history.read(1, 9, ANY);
    table.events = eventsFrom(1, 9, 2);
    history.clear();
    expect((await history.read(1, 9, ANY))[0]!.size).toBe(2);
  });

  test('is read anew also by those who come while an old read is under way', async () => {
    const { history, table } = historyOf(eventsFrom(1, 9, 1));
    const old = history.read(1, 9, ANY);
    table.events = eventsFrom(1, 9, 2);
    history.clear();
    expect((await history.read(1, 9, ANY))[0]!.size).toBe(2);
    await old;
    expect((await history.read(1, 9, ANY))[0]!.size).toBe(2);
  });
});
