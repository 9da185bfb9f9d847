import { AsyncLocalStorage } from 'node:async_hooks';

import { afterEach, describe, expect, test } from '@jest/globals';
import { EventxUsageError } from 'nestjs-eventx';

import { justAfter } from '../support/faulty-storage.js';
import { RunnerBench } from '../support/runner.js';
import { TestProcess } from '../support/test-process.js';
import { until } from '../support/until.js';

describe('the runner', () => {
  let bench: RunnerBench;
  afterEach(() => bench.stop());

  test('looks at the backlog at the start, without a signal or a poll', async () => {
    bench = new RunnerBench();
    bench.table.insert(1, 2, 3);
    bench.start();
    await bench.reached(3);
  });

  test('wakes at a signal', async () => {
    bench = new RunnerBench();
    await bench.started();
    bench.table.insert(1);
    bench.runner.signal();
    await bench.reached(1);
  });

  test('finds by itself what no signal announced, when the poll interval is over', async () => {
    bench = new RunnerBench({ pollInterval: 500 });
    await bench.started();
    bench.table.insert(1);
    expect(bench.clock.running).toEqual([500]);
    bench.clock.advance(499);
    expect(bench.clock.running).toEqual([1]);
    bench.clock.advance(1);
    await bench.reached(1);
  });

  test('answers many signals with one look', async () => {
    bench = new RunnerBench();
    await bench.started();
    const before = bench.storage.calls.readPending;
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    bench.storage.inject('readPending', (call) => gate.then(call));
    bench.runner.signal();
    await until(() => bench.storage.calls.readPending > before, { what: 'the first look' });
    for (let times = 0; times < 100; times++) bench.runner.signal();
    go();
    await bench.idle();
    expect(bench.storage.calls.readPending).toBe(before + 2);
  });

  test('never looks twice at once: a slow database is not asked again meanwhile', async () => {
    bench = new RunnerBench({ pollInterval: 10 });
    await bench.started();
    const before = bench.storage.calls.readPending;
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    bench.storage.inject('readPending', (call) => gate.then(call));
    bench.clock.advance(10);
    await until(() => bench.storage.calls.readPending > before, { what: 'the poll' });
    bench.clock.advance(1000);
    bench.runner.signal();
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.storage.calls.readPending).toBe(before + 1);
    go();
    await bench.idle();
  });

  test('takes a full batch as a sign of more, and does not wait', async () => {
    bench = new RunnerBench({ batchSize: 2, maxBatchSize: 2 });
    bench.table.insert(1, 2, 3, 4, 5);
    bench.start();
    await bench.reached(5);
    expect(bench.storage.calls.sequence).toBe(3);
  });

  test('that another one outran lets it go on for a moment, longer each time', async () => {
    bench = new RunnerBench();
    await bench.started();
    const rival = async () => {
      await bench.table.sequence(await bench.table.readState(), await bench.table.readPending(100));
      bench.table.insert(0);
    };
    bench.storage.inject('sequence', justAfter(rival), 3);
    bench.table.insert(0);
    bench.runner.signal();
    await until(() => bench.storage.calls.sequence === 1, { what: 'the first conflict' });
    const waits: number[] = [];
    for (let round = 1; round <= 6; round++) {
      await until(() => bench.clock.running.length === 1, { what: 'the next wait' });
      waits.push(bench.clock.running[0]!);
      bench.clock.advance(waits.at(-1)!);
    }
    // Each time it is outrun it reads what the other one did, and waits once more before it tries again.
    expect(waits).toEqual([1, 2, 4, 8, 16, 20]);
    expect(bench.storage.calls.sequence).toBe(3);
    await bench.reached(4);
    expect(bench.logger.lines).toEqual([]);
  });

  test('that runs already cannot run again', async () => {
    bench = new RunnerBench();
    await bench.started();
    await expect(bench.runner.run(new AbortController().signal)).rejects.toThrow(EventxUsageError);
    await expect(bench.runner.run(new AbortController().signal)).rejects.toThrow(/"run: false"/);
    expect(bench.runner.status.running).toBe(true);
    expect(bench.logger.of('error')).toEqual(Array(2).fill(expect.stringMatching(/"run: false"/)));
  });

  test('that runs already ends no process when it is run again and nobody awaits that', async () => {
    const main = new URL('../support/second-run-main.ts', import.meta.url);
    // It says so only after an unhandled rejection would have ended it.
    const process = await TestProcess.start(main, {});
    await process.kill();
  });

  test('runs outside of the request in which it was started, or given a hint', async () => {
    bench = new RunnerBench();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    bench.storage.always(() => void seen.push(context.getStore()));
    const watched = new Promise<unknown>((resolve) => {
      bench.storage.watch = () => Promise.resolve(resolve(context.getStore()));
    });
    await context.run('a request', () => bench.started());
    expect(await watched).toBeUndefined();
    bench.table.insert(1);
    context.run('another', () => bench.runner.signal());
    await bench.reached(1);
    expect(seen.length).toBeGreaterThan(3);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  test('is not ended by a storage whose watch fails against its contract', async () => {
    bench = new RunnerBench();
    bench.storage.watch = () => {
      throw new Error('it cannot watch');
    };
    await bench.started();
    bench.table.insert(1);
    bench.runner.signal();
    await bench.reached(1);
    expect(bench.logger.of('warn')).toEqual([expect.stringMatching(/poll finds.*it cannot watch/)]);
  });

  test('can run again after it was stopped, and goes on where it was', async () => {
    bench = new RunnerBench();
    bench.table.insert(1);
    bench.start();
    await bench.reached(1);
    await bench.stop();
    expect(bench.runner.status).toMatchObject({ running: false, lastSeq: 1 });
    bench.table.insert(2);
    bench.start();
    await bench.reached(2);
  });

  test('ends when it is told to, leaving no timer, and only after the batch in hand', async () => {
    bench = new RunnerBench();
    await bench.started();
    await bench.stop();
    expect(bench.clock.running).toEqual([]);

    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    bench.table.insert(1);
    bench.storage.inject('sequence', (call) => gate.then(call));
    bench.start();
    await until(() => bench.storage.calls.sequence === 1, { what: 'the batch' });
    let stopped = false;
    const stopping = bench.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    go();
    await stopping;
    expect(bench.runner.status.lastSeq).toBe(1);
  });

  test('that is told to end before it began does nothing', async () => {
    bench = new RunnerBench();
    await bench.runner.run(AbortSignal.abort());
    expect(bench.storage.calls.readState).toBe(0);
  });
});
