import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  EventNotFoundError,
  EventxOptionsError,
  EventxService,
  LogTruncatedError,
} from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';
import { lastValueFrom, merge, type Observable, repeat, retry, take, toArray } from 'rxjs';

import { notSent } from '../support/faulty-storage.js';
import { RunnerBench } from '../support/runner.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

const ALL = range(1, 10);
/** Longer than it takes to fail, so that the subscriptions overlap. */
const RETRY = { delay: 5 };

describe('G4 no skip: a cold Observable of events', () => {
  let bench: RunnerBench;
  let eventx: EventxService<InMemoryEvent<number>>;
  beforeEach(async () => {
    bench = new RunnerBench({ windowSize: 4 });
    bench.table.insert(...range(1, 6));
    await bench.started();
    // The first ones leave the window: they are read from the table.
    bench.table.insert(...range(7, 10));
    bench.runner.signal();
    await bench.reached(10);
    const { runner } = bench;
    const unused = { outbox: null, local: undefined as never, types: undefined as never };
    eventx = new EventxService({ runner, ...unused, options: { maxPayloadBytes: 1 } });
  });
  afterEach(() => bench.stop());

  const ten = <R>(stream: Observable<R>) => lastValueFrom(stream.pipe(take(10), toArray()));

  /** A handler whose first calls with an event fail. */
  function failing(times: Readonly<Record<number, number>>) {
    const left = new Map(Object.entries(times).map(([seq, count]) => [Number(seq), count]));
    const tries: number[] = [];
    const handle = ({ seq }: { seq: number }) => {
      tries.push(seq);
      const failures = left.get(seq) ?? 0;
      left.set(seq, failures - 1);
      return failures > 0 ? Promise.reject(new Error(`seq ${seq} failed`)) : Promise.resolve(seq);
    };
    return { handle, tries };
  }

  test('goes on with the event that failed', async () => {
    const { handle, tries } = failing({ 4: 2 });
    const stream = eventx.events$({ from: 1, fetchLimit: 3, retry: RETRY }, handle);
    expect(await ten(stream)).toEqual(ALL);
    expect(tries).toEqual([1, 2, 3, 4, 4, 4, ...range(5, 10)]);
  });

  test('gives each of its subscribers a place of its own', async () => {
    // Each of them meets one of the two failures, and both wait at the same time.
    const { handle } = failing({ 3: 1, 8: 1 });
    const stream = eventx.events$({ from: 1, retry: RETRY }, handle);
    expect(await Promise.all([ten(stream), ten(stream)])).toEqual([ALL, ALL]);
  });

  test('also inside of one outer subscription', async () => {
    const { handle } = failing({ 3: 2, 8: 1 });
    const stream = eventx.events$({ from: 1, retry: RETRY }, handle).pipe(take(10));
    const seqs = await lastValueFrom(merge(stream, stream).pipe(toArray()));
    expect(seqs.sort((a, b) => a - b)).toEqual(ALL.flatMap((seq) => [seq, seq]));
  });

  test('gives each of its subscribers a place of its own when reads fail', async () => {
    bench.storage.inject('read', notSent, 2);
    const stream = eventx.events$({ from: 1, fetchLimit: 2, retry: RETRY });
    const both = await Promise.all([ten(stream), ten(stream)]);
    expect(both.map(seqsOf)).toEqual([ALL, ALL]);
    expect(bench.storage.calls.read).toBeGreaterThan(2);
  });

  test('begins at `from` with every subscription: retry() behind it does, whoever else subscribes', async () => {
    const { handle } = failing({ 3: 1, 8: 1 });
    const stream = eventx.events$({ from: 1 }, handle);
    const seqs = (failed: number) => [...range(1, failed - 1), ...ALL].slice(0, 10);
    const [first, second] = await Promise.all([
      ten(stream.pipe(retry(RETRY))),
      ten(stream.pipe(retry(RETRY))),
    ]);
    expect([first, second]).toEqual([seqs(3), seqs(8)]);
  });

  test('and so does repeat(), also after failures', async () => {
    const { handle } = failing({ 2: 2 });
    const stream = eventx.events$({ from: 1, retry: RETRY }, handle).pipe(take(3), repeat(2));
    expect(await lastValueFrom(stream.pipe(toArray()))).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('goes on in batches with the first event of the one that failed', async () => {
    let failures = 0;
    const stream = eventx.batches$({ from: 1, fetchLimit: 2, retry: 3 }, (batch) => {
      if (batch[0]!.seq === 3 && failures++ < 3) throw new Error('failed');
      return [seqsOf(batch)];
    });
    const batches = await lastValueFrom(stream.pipe(take(5), toArray()));
    expect(batches.flat()).toEqual(ALL);
    expect(failures).toBe(4);
  });

  test('fails when it was tried often enough, and at once without the option', async () => {
    const never = () => Promise.reject(new Error('it never works'));
    const { handle, tries } = failing({ 2: 100 });
    await expect(ten(eventx.events$({ from: 1, retry: 2 }, handle))).rejects.toThrow('seq 2');
    expect(tries).toEqual([1, 2, 2, 2]);
    await expect(ten(eventx.events$({ from: 1 }, never))).rejects.toThrow('it never works');
  });

  test('lets the process do other things between two tries, also where nobody has said how long to wait', async () => {
    let turns = 0;
    const atTry: number[] = [];
    const handle = ({ seq }: { seq: number }) => {
      atTry.push(turns);
      setImmediate(() => turns++);
      if (atTry.length < 3) throw new Error('failed before anything was waited for');
      return [seq];
    };
    await lastValueFrom(eventx.events$({ from: 10, retry: 5 }, handle).pipe(take(1)));
    expect(atTry[1]).toBeGreaterThan(atTry[0]!);
    expect(atTry[2]).toBeGreaterThan(atTry[1]!);
  });

  test('can decide by the error how long to wait', async () => {
    const { handle } = failing({ 4: 2 });
    const seen: unknown[] = [];
    const delay = (error: Error, count: number) => (seen.push([error.message, count]), [0]);
    expect(await ten(eventx.events$({ from: 1, retry: { delay } }, handle))).toEqual(ALL);
    expect(seen).toEqual([
      ['seq 4 failed', 1],
      ['seq 4 failed', 2],
    ]);
  });

  test('does not try again what can never work: a hole stays one', async () => {
    bench.table.delete(3);
    const stream = eventx.events$({ from: 1, retry: RETRY });
    await expect(ten(stream)).rejects.toBeInstanceOf(EventNotFoundError);
  });

  test('nor where the log was truncated', async () => {
    const stream = ten(eventx.events$({ from: 1, retry: RETRY }));
    const failure = expect(
      lastValueFrom(eventx.events$({ from: 11, retry: RETRY })),
    ).rejects.toBeInstanceOf(LogTruncatedError);
    await stream;
    await until(() => bench.runner.status.waiting === 1, { what: 'the subscription to wait' });
    bench.storage.replace(new InMemoryEventStorage());
    bench.runner.signal();
    await failure;
  });

  test('refuses options that do not exist', async () => {
    const retry = { times: 3 } as object;
    await expect(ten(eventx.events$({ retry }))).rejects.toBeInstanceOf(EventxOptionsError);
  });
});
