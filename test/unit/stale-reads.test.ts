import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  EventNotFoundError,
  type EventxStorage,
  type SequencedEvent,
  StaleReadError,
} from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

import { confirmedFirst, confirmedState } from '../../lib/storage/index.js';
import { answering } from '../support/faulty-storage.js';
import { RunnerBench } from '../support/runner.js';
import { SequencerBench } from '../support/sequencer.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

const OLD_STATES = [
  ['that ends earlier', { lastSeq: 4, logId: 'in-memory' }],
  ['that is new', { lastSeq: 0, logId: 'in-memory' }],
  ['of another log', { lastSeq: 9, logId: 'another' }],
] as const;

describe('G4, G8: one read that is old is no proof of a truncation; the sequencer', () => {
  let log: SequencerBench;
  beforeEach(async () => {
    log = new SequencerBench();
    log.insert(6);
    await log.drain();
  });

  /** The next read of the log fails, is not believed, and the one after it goes on. */
  async function expectNotBelieved(count: number): Promise<void> {
    await expect(log.step()).rejects.toBeInstanceOf(StaleReadError);
    await log.drain();
    await log.expectAll(count);
    expect(log.window.first).toBe(1);
    expect([log.truncations, log.window.generation]).toEqual([[], 0]);
  }

  test.each(OLD_STATES)('does not believe in a log %s', async (_, old) => {
    log.storage.inject('readState', answering(old));
    await expectNotBelieved(6);
  });

  test.each(OLD_STATES)('nor for as long as it is told of a log %s', async (_, old) => {
    log.storage.inject('readState', answering(old), 5);
    log.insert(3);
    log.invalidate();
    expect(await log.drain()).toBe(5);
    await log.expectAll(9);
    expect(log.truncations).toEqual([]);
  });

  test('does not believe in another event where its last was', async () => {
    log.insert(2);
    await log.rival();
    const another = { id: 99, seq: 6, size: 1, data: 1 };
    log.storage.inject('read', answering([another, { ...another, seq: 7 }]));
    await expectNotBelieved(8);
  });

  test('nor where that event cannot be confirmed to be another: retention has deleted it meanwhile', async () => {
    log.insert(2);
    await log.rival();
    await log.table.deleteBefore(7, 100);
    log.storage.inject('read', answering([{ id: 99, seq: 6, size: 1, data: 1 }]));
    await expect(log.step()).rejects.toBeInstanceOf(StaleReadError);
    expect(log.truncations).toEqual([]);
  });

  test.each([
    ['nothing', []],
    ['only what it had', [6]],
    ['what is behind the next event', [6, 8]],
  ])('does not believe in a hole when it gets %s', async (_, seqs) => {
    log.insert(2);
    await log.rival();
    log.storage.inject('read', (call) =>
      call().then((events) =>
        (events as { seq: number }[]).filter(({ seq }) => seqs.includes(seq)),
      ),
    );
    await expectNotBelieved(8);
  });

  test('says so when what it takes for pending is refused while the log stands still', async () => {
    log.insert(3);
    const pending = await log.table.readPending(10);
    await log.rival();
    await log.drain();
    log.storage.inject('readPending', answering(pending), 6);
    expect([await log.step(), await log.step()]).toEqual(['contended', 'contended']);
    await expect(log.step()).rejects.toThrow(
      /ends at 9 and that 3 events wait.* refused .* 3 times/,
    );
    log.insert(1);
    expect(await log.drain()).toBe(3);
    await log.expectAll(10);
  });

  test('asks once, and only when there is something to confirm', async () => {
    const { confirmState, confirmRead } = log.storage.calls;
    expect([confirmState, confirmRead]).toEqual([0, 0]);
    log.replaceLog();
    await log.drain();
    expect(log.truncations).toEqual([[6, 0]]);
    expect(log.storage.calls.confirmState).toBe(1);
  });

  test('takes the log for what the confirmation says, not for what the old read said', async () => {
    log.replaceLog();
    log.insert(3);
    await log.rival();
    log.storage.inject('readState', answering({ lastSeq: 1, logId: 'in-memory' }));
    await log.drain();
    expect(log.truncations).toEqual([[6, 3]]);
    await log.expectAll(3);
  });
});

describe('a storage whose reads cannot be old', () => {
  test('is taken at its word', async () => {
    const table: EventxStorage<SequencedEvent> = new InMemoryEventStorage();
    const read = { lastSeq: 3, logId: 'e' };
    expect(await confirmedState(table, read)).toBe(read);
    expect(await confirmedFirst(table, 1, undefined)).toBeUndefined();
  });
});

describe('G4, G8: one read that is old; a subscriber', () => {
  let bench: RunnerBench;
  beforeEach(async () => {
    bench = new RunnerBench({ windowSize: 4, initialWindow: 0 });
    bench.table.insert(...range(1, 6));
    await bench.started();
    bench.table.insert(...range(7, 10));
    bench.runner.signal();
    await bench.reached(10);
  });
  afterEach(() => bench.stop());

  test('is not told that an event is gone which is there', async () => {
    const subscriber = bench.runner.subscriber({ from: 3, fetchLimit: 100 });
    bench.storage.inject('read', answering([]), 2);
    await expect(subscriber.fetch()).rejects.toBeInstanceOf(StaleReadError);
    expect(seqsOf(await subscriber.fetch())).toEqual(range(3, 10));
  });

  test('is told of what is gone, and where the log goes on for certain', async () => {
    await bench.table.deleteBefore(6, 100);
    const subscriber = bench.runner.subscriber({ from: 3 });
    bench.storage.inject('read', answering([]), 2);
    const error: unknown = await subscriber.fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(EventNotFoundError);
    expect(error).toMatchObject({ seq: 3, nextAvailable: 6 });
  });

  test('from the earliest on does not skip what an old read does not have yet', async () => {
    const subscriber = bench.runner.subscriber({ from: 'earliest', fetchLimit: 100 });
    bench.storage.inject('read', answering([]));
    expect(seqsOf(await subscriber.fetch())).toEqual(range(1, 10));
  });

  test('that waits goes on waiting, and the runner says what is wrong', async () => {
    const waiting = bench.runner.subscriber({ from: 11 }).fetch();
    bench.storage.inject('readState', answering({ lastSeq: 2, logId: 'in-memory' }), 2);
    bench.runner.signal();
    await until(() => bench.runner.status.failures === 1, { what: 'the first old answer' });
    await bench.idle();
    bench.clock.advance(60_000);
    await until(() => bench.runner.status.failures === 2, { what: 'the second old answer' });
    expect(bench.logger.of('warn')).toEqual([
      expect.stringMatching(/the log ends at 2 .*, but it ends at 10 .*proxy that sends SELECTs/),
    ]);
    bench.table.insert(11);
    await bench.idle();
    bench.clock.advance(60_000);
    expect(seqsOf(await waiting)).toEqual([11]);
    expect(bench.logger.of('error')).toEqual([]);
  });
});
