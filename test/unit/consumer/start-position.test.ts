import { describe, expect, test } from '@jest/globals';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

import { placeAt } from '../../../lib/consumer/ownership/start-position.js';
import { assertNotTruncated } from '../../../lib/consumer/delivery/truncation.js';
import { EventxUsageError, LogTruncatedError, StaleReadError } from '../../../lib/errors.js';
import type { StartFrom } from '../../../lib/log/start-from.js';
import type { Destination, Placed } from '../../../lib/storage/index.js';
import { eventAt, range } from '../../support/stored-events.js';

/** Events 4 to 9; each has its seq in seconds as its time. */
const log = {
  readState: () => Promise.resolve({ lastSeq: 9, logId: 'e' }),
  read: (from: number, limit: number) =>
    Promise.resolve(
      range(Math.max(4, from), 9)
        .slice(0, limit)
        .map((seq) => ({ ...eventAt(seq), uuid: `uuid-${seq}`, createdAt: new Date(seq * 1000) })),
    ),
};

/** Where a consumer is put that is to begin there. */
const resolveStart = (of: Parameters<typeof placeAt>[0], start: StartFrom) =>
  placeAt(of, start, () => Promise.resolve('placed'));

describe('where a consumer begins: the place before its first event', () => {
  test.each([
    ['latest', 9],
    ['earliest', 3],
    [1, 0],
    [4, 3],
    [7, 6],
    [10, 9],
    [new Date(0), 3],
    [new Date(5500), 5],
    [new Date(6000), 5],
    [new Date(99_000), 9],
  ] as const)('%p', async (start, seq) => {
    const uuid = seq >= 4 ? `uuid-${seq}` : null;
    expect(await resolveStart(log, start)).toEqual({ offset: seq, uuid });
  });

  test('not ahead of the log', async () => {
    await expect(resolveStart(log, 11)).rejects.toThrow(EventxUsageError);
  });

  test('not at a time, where events have none', async () => {
    const timeless = new InMemoryEventStorage<number>();
    timeless.insert(1);
    await timeless.sequence(await timeless.readState(), await timeless.readPending(1));
    await expect(resolveStart(timeless, new Date(0))).rejects.toThrow(/createdAt/);
    expect(await resolveStart(timeless, 'latest')).toEqual({ offset: 1, uuid: null });
  });
});

describe('a consumer is put where it is to begin', () => {
  /** The log loses its first two events whenever the consumer is about to be put somewhere, as often as it is told. */
  const losing = (times: number) => {
    let first = 1;
    const tries: [seq: number, evenIfGone: boolean | undefined][] = [];
    return {
      tries,
      log: {
        readState: log.readState,
        read: (from: number, limit: number) =>
          Promise.resolve(
            range(Math.max(first, from), 9)
              .slice(0, limit)
              .map((seq) => eventAt(seq)),
          ),
      },
      put: ({ offset: seq, evenIfGone }: Destination): Promise<Placed> => {
        tries.push([seq, evenIfGone]);
        if (times-- > 0) first += 2;
        return Promise.resolve(seq + 1 < first && !evenIfGone ? 'gone' : 'placed');
      },
    };
  };

  test('where events are deleted in between, the log is looked at again', async () => {
    const { log, put, tries } = losing(2);
    expect(await placeAt(log, 'earliest', put)).toMatchObject({ offset: 4 });
    expect(tries.map(([seq]) => seq)).toEqual([0, 2, 4]);
  });

  test('a number is meant as it is: what is gone there is for the consumer’s policy', async () => {
    const { log, put, tries } = losing(2);
    expect(await placeAt(log, 1, put)).toMatchObject({ offset: 0 });
    expect(tries).toEqual([[0, true]]);
  });

  test('a log that is not what it says to be is not looked at for ever', async () => {
    const tries: unknown[] = [];
    const place = await placeAt(log, 'latest', ({ evenIfGone }) => {
      tries.push(evenIfGone);
      return Promise.resolve(evenIfGone ? 'placed' : 'gone');
    });
    expect(place).toMatchObject({ offset: 9 });
    expect(tries).toEqual([false, true]);
  });

  test('one that is not known is put nowhere', async () => {
    expect(await placeAt(log, 'latest', () => Promise.resolve('unknown'))).toBeNull();
  });
});

describe('a position is still of this log', () => {
  test.each([
    [{ offset: 0, uuid: null }, []],
    [{ offset: 9, uuid: 'uuid-9' }, []],
    [{ offset: 9, uuid: null }, []],
    // Retention took it: only its number can be checked.
    [{ offset: 2, uuid: 'another' }, []],
    [{ offset: 5, uuid: 'uuid-5' }, [7, 9]],
  ])('%j, done ahead: %j', async (position, ahead) => {
    await assertNotTruncated(log, position, ahead);
  });

  test.each([
    [{ offset: 10, uuid: 'uuid-10' }, []],
    [{ offset: 9, uuid: 'another' }, []],
    [{ offset: 0, uuid: null }, [10]],
    [{ offset: 5, uuid: 'uuid-5' }, [12, 7]],
  ])('or is not: %j, done ahead: %j', async (position, ahead) => {
    await expect(assertNotTruncated(log, position, ahead)).rejects.toThrow(LogTruncatedError);
  });
});

describe('a read that is old', () => {
  const before = { lastSeq: 2, logId: 'e' };
  const confirmed = { ...log, confirmState: log.readState, confirmRead: log.read };
  const oldState = { ...confirmed, readState: () => Promise.resolve(before) };

  test.each([
    [{ offset: 9, uuid: 'uuid-9' }, []],
    [{ offset: 0, uuid: null }, [7]],
  ])('is no truncation: %j, done ahead: %j', async (position, ahead) => {
    await expect(assertNotTruncated(oldState, position, ahead)).rejects.toThrow(StaleReadError);
  });

  test('with another event at the position is none', async () => {
    const read = () => Promise.resolve([{ ...eventAt(9), uuid: 'of an older log' }]);
    const position = { offset: 9, uuid: 'uuid-9' };
    await expect(assertNotTruncated({ ...confirmed, read }, position)).rejects.toThrow(
      StaleReadError,
    );
  });

  test('nor hides a truncation that is there', async () => {
    const position = { offset: 10, uuid: 'uuid-10' };
    await expect(assertNotTruncated(oldState, position)).rejects.toThrow(/ends at 9/);
    await expect(assertNotTruncated(confirmed, { offset: 9, uuid: 'another' })).rejects.toThrow(
      LogTruncatedError,
    );
  });

  test('is no reason to refuse a start, nor to skip what there is', async () => {
    expect(await resolveStart(oldState, 8)).toMatchObject({ offset: 7 });
    await expect(resolveStart(oldState, 11)).rejects.toThrow(EventxUsageError);
    const read = () => Promise.resolve([]);
    expect(await resolveStart({ ...confirmed, read }, 'earliest')).toMatchObject({ offset: 3 });
  });
});
