import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventNotFoundError, EventxClosedError, EventxUsageError } from 'nestjs-eventx';

import { notSent } from '../support/faulty-storage.js';
import { RunnerBench } from '../support/runner.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe('a subscriber', () => {
  let bench: RunnerBench;
  beforeEach(async () => {
    bench = new RunnerBench({ windowSize: 4 });
    await bench.started();
  });
  afterEach(() => bench.stop());

  const publish = async (count: number) => {
    const { lastSeq } = bench.runner.status;
    bench.table.insert(...range(1, count));
    bench.runner.signal();
    await bench.reached(lastSeq! + count);
  };

  test('does one fetch at a time; the second is refused and harms nothing', async () => {
    const subscriber = bench.runner.subscriber({ from: 1 });
    const waiting = subscriber.fetch();
    await expect(subscriber.fetch()).rejects.toBeInstanceOf(EventxUsageError);
    await publish(1);
    expect(seqsOf(await waiting)).toEqual([1]);
    expect(subscriber.nextSeq).toBe(2);
  });

  test('is where it was after a fetch that failed', async () => {
    await publish(10);
    await publish(10);
    const subscriber = bench.runner.subscriber({ from: 3, fetchLimit: 4 });
    bench.storage.inject('read', notSent);
    await expect(subscriber.fetch()).rejects.toThrow('the connection is gone');
    expect(subscriber.nextSeq).toBe(3);
    expect(seqsOf(await subscriber.fetch())).toEqual(range(3, 6));
  });

  test('fails without touching the log when the signal has aborted before', async () => {
    await publish(3);
    const subscriber = bench.runner.subscriber({ from: 1 });
    const reason = new Error('stop');
    await expect(subscriber.fetch(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(seqsOf(await subscriber.fetch())).toEqual([1, 2, 3]);
  });

  test('is not held up by a slow database when it is aborted', async () => {
    await publish(10);
    await publish(4);
    const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 4 });
    bench.storage.inject('read', () => new Promise(() => undefined));
    const abort = new AbortController();
    const fetching = subscriber.fetch(abort.signal);
    await until(() => bench.storage.calls.read === 1, { what: 'the read' });
    abort.abort();
    await expect(fetching).rejects.toBe(abort.signal.reason);
    expect(subscriber.nextSeq).toBe(1);
  });

  test('reads the table no more once it has caught up with the window', async () => {
    await publish(20);
    await publish(1);
    const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 5 });
    const seen: number[] = [];
    while (seen.length < 21) seen.push(...seqsOf(await subscriber.fetch()));
    expect(seen).toEqual(range(1, 21));
    const { read } = bench.storage.calls;
    expect(read).toBeLessThanOrEqual(4);
    for (let seq = 22; seq < 30; seq++) {
      await publish(1);
      expect(seqsOf(await subscriber.fetch())).toEqual([seq]);
    }
    expect(bench.storage.calls.read).toBe(read);
  });

  test('gets an error at a hole in the table, again and again, and can seek past it', async () => {
    await publish(10);
    await publish(4);
    bench.table.delete(6);
    const subscriber = bench.runner.subscriber({ from: 5 });
    expect(seqsOf(await subscriber.fetch())).toEqual([5]);
    for (let times = 0; times < 3; times++) {
      const error: unknown = await subscriber.fetch().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(EventNotFoundError);
      expect(error).toMatchObject({ seq: 6, nextAvailable: 7 });
    }
    subscriber.seek(7);
    expect(seqsOf(await subscriber.fetch())).toEqual(range(7, 14));
  });

  test('that seeks while it waits is then where it sought to', async () => {
    await publish(3);
    const subscriber = bench.runner.subscriber({ from: 4 });
    const waiting = subscriber.fetch();
    subscriber.seek(2);
    await publish(1);
    await waiting;
    expect(subscriber.nextSeq).toBe(2);
    expect(seqsOf(await subscriber.fetch())).toEqual([2, 3, 4]);
  });

  test('still gets what is there after the log was closed, then an error', async () => {
    await publish(2);
    const subscriber = bench.runner.subscriber({ from: 1 });
    bench.runner.close();
    expect(seqsOf(await subscriber.fetch())).toEqual([1, 2]);
    await expect(subscriber.fetch()).rejects.toBeInstanceOf(EventxClosedError);
    expect(subscriber.nextSeq).toBe(3);
  });
});
