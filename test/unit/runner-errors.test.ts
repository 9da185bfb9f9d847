import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { notSent } from '../support/faulty-storage.js';
import { RunnerBench } from '../support/runner.js';
import { until } from '../support/until.js';

describe('G9 faults: the runner', () => {
  let bench: RunnerBench;
  beforeEach(async () => {
    bench = new RunnerBench({ pollInterval: 10_000, errorBackoff: { initial: 100, max: 300 } });
    await bench.started();
  });
  afterEach(() => bench.stop());

  /** The next look fails, and so do `times - 1` more; each wait is let pass. @returns the waits */
  async function fail(times: number): Promise<number[]> {
    const waits: number[] = [];
    bench.storage.inject('readPending', notSent, times);
    bench.runner.signal();
    for (let failures = 1; failures <= times; failures++) {
      await until(() => bench.runner.status.failures === failures, { what: 'the next failure' });
      await bench.idle();
      waits.push(bench.clock.running[0]!);
      bench.clock.advance(waits.at(-1)!);
    }
    await until(() => bench.runner.status.failures === 0, { what: 'the recovery' });
    await bench.idle();
    return waits;
  }

  test('never ends by an error, waits longer after each, and works as before when it is over', async () => {
    bench.table.insert(1);
    expect(await fail(5)).toEqual([50, 100, 150, 150, 150]);
    expect(bench.runner.status).toMatchObject({
      running: true,
      lastSeq: 1,
      failures: 0,
      lastError: null,
    });
    expect(await fail(1)).toEqual([50]);
  });

  test('does not hammer a database that fails: signals do not shorten the wait', async () => {
    bench.storage.inject('readPending', notSent);
    const before = bench.storage.calls.readPending;
    bench.runner.signal();
    await until(() => bench.runner.status.failures === 1, { what: 'the failure' });
    await bench.idle();
    bench.table.insert(1);
    for (let times = 0; times < 10; times++) bench.runner.signal();
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.storage.calls.readPending).toBe(before + 1);
    expect(bench.runner.status.lastError).toBe('the connection is gone');
    bench.clock.advance(50);
    await bench.reached(1);
  });

  test('can be stopped while it waits after an error', async () => {
    bench.storage.inject('readPending', notSent);
    bench.runner.signal();
    await until(() => bench.runner.status.failures === 1, { what: 'the failure' });
    await bench.stop();
    expect(bench.clock.running).toEqual([]);
  });

  test('is quiet about a single failure: a deadlock or a lost connection is normal weather', async () => {
    await fail(1);
    expect(bench.logger.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
    expect(bench.logger.of('debug')).toEqual([
      'Cannot follow the log, try 1, next in 50 ms: the connection is gone',
    ]);
  });

  const warnings = () => bench.logger.of('warn');

  test('warns of the second failure in a row, and says when it has recovered', async () => {
    await fail(3);
    expect(warnings()).toEqual([
      'Cannot follow the log, try 2, next in 100 ms: the connection is gone',
    ]);
    expect(bench.logger.of('debug')).toEqual([
      'Cannot follow the log, try 1, next in 50 ms: the connection is gone',
      'Cannot follow the log, try 3, next in 150 ms: the connection is gone',
    ]);
    expect(bench.logger.of('log')).toEqual(['Recovered after 3 failed tries.']);
  });

  test('starts afresh after it has recovered: the same error is warned of again', async () => {
    await fail(2);
    await fail(2);
    expect(warnings()).toHaveLength(2);
  });

  test('tells since when it has not got on', async () => {
    expect(bench.runner.status.failingSince).toBeNull();
    const before = Date.now();
    bench.storage.inject('readPending', notSent, 2);
    bench.runner.signal();
    await until(() => bench.runner.status.failures === 1, { what: 'the first failure' });
    const since = bench.runner.status.failingSince!;
    expect(since.getTime()).toBeGreaterThanOrEqual(before);
    expect(since.getTime()).toBeLessThanOrEqual(Date.now());
    await bench.idle();
    bench.clock.advance(bench.clock.running[0]!);
    await until(() => bench.runner.status.failures === 2, { what: 'the second failure' });
    expect(bench.runner.status.failingSince).toBe(since);
    await bench.idle();
    bench.clock.advance(bench.clock.running[0]!);
    await until(() => bench.runner.status.failures === 0, { what: 'the recovery' });
    expect(bench.runner.status.failingSince).toBeNull();
    await bench.idle();
  });

  test('that is waited for goes on to be when the log was truncated, until the log has come there', async () => {
    bench.table.insert(1, 2);
    bench.runner.signal();
    await bench.reached(2);
    let reached = false;
    const waiting = bench.runner.reached(3).then(() => (reached = true));
    const news = bench.runner.news(2);
    const { table } = new RunnerBench();
    bench.storage.replace(table);
    bench.runner.signal();
    await news;
    await bench.reached(0);
    expect(reached).toBe(false);
    for (const seq of [1, 2, 3]) {
      expect(reached).toBe(false);
      table.insert(seq);
      bench.runner.signal();
      await bench.reached(seq);
    }
    await waiting;
  });

  test('can be waited for no longer than a signal says', async () => {
    const abort = new AbortController();
    const waiting = bench.runner.reached(3, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toBe(abort.signal.reason);
    await bench.runner.reached(0, abort.signal);
  });

  test('says aloud that the log was truncated', async () => {
    bench.table.insert(1, 2);
    bench.runner.signal();
    await bench.reached(2);
    bench.storage.replace(new RunnerBench().table);
    bench.runner.signal();
    await bench.reached(0);
    expect(bench.logger.of('error')).toEqual([
      'The log was truncated or replaced: this process had seen seq 2, the log now ends at 0. ' +
        'Every subscriber gets a LogTruncatedError.',
    ]);
  });
});
