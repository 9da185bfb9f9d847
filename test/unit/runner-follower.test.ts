import { afterEach, describe, expect, test } from '@jest/globals';

import { RunnerBench } from '../support/runner.js';

describe('a runner that does not number', () => {
  let bench: RunnerBench;
  afterEach(() => bench.stop());

  /** Another process numbers what there is. */
  async function rival(): Promise<void> {
    const pending = await bench.table.readPending(100);
    await bench.table.sequence(await bench.table.readState(), pending);
  }

  async function nextLook(): Promise<number> {
    await bench.idle();
    const [wait] = bench.clock.running;
    bench.clock.advance(wait!);
    await bench.idle();
    return wait!;
  }

  test('looks again soon after a hint that came before the numbers did, and then at its poll', async () => {
    bench = new RunnerBench({ sequence: false, pollInterval: 1000 });
    await bench.started();
    expect(bench.clock.running).toEqual([1000]);
    bench.table.insert(1);
    bench.runner.signal();
    await bench.idle();
    const waits: number[] = [];
    for (let look = 0; look < 8; look++) waits.push(await nextLook());
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 1000, 1000]);
    expect(bench.runner.status.lastSeq).toBe(0);
  });

  test('finds what was numbered meanwhile with the next look, and does not look on', async () => {
    bench = new RunnerBench({ sequence: false, pollInterval: 1000 });
    await bench.started();
    bench.table.insert(1, 2);
    bench.runner.signal();
    await bench.idle();
    await nextLook();
    await rival();
    await nextLook();
    await bench.reached(2);
    expect(bench.clock.running).toEqual([1000]);
  });

  test('never looks less often than its poll', async () => {
    bench = new RunnerBench({ sequence: false, pollInterval: 30 });
    await bench.started();
    bench.runner.signal();
    await bench.idle();
    const waits: number[] = [];
    for (let look = 0; look < 5; look++) waits.push(await nextLook());
    expect(waits).toEqual([5, 10, 20, 30, 30]);
  });

  test('one that numbers has no need to: it numbers what it finds', async () => {
    bench = new RunnerBench({ pollInterval: 1000 });
    await bench.started();
    bench.runner.signal();
    await bench.idle();
    expect(bench.clock.running).toEqual([1000]);
  });
});
