import { afterEach, describe, expect, test } from '@jest/globals';

import { FollowedLog } from '../support/followed-log.js';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

const BACKLOG = 4000;

/**
 * PERFORMANCE.md: T1 holds a small id, uncommitted. T2 commits and is numbered. T1 commits; then T3 begins and commits. A sequencer
 * that reads on from the last id it saw finds T3 and misses T1. SQLite has one writer at a time, so it cannot happen there.
 */
describe('G3 causal: a transaction that begins after another one committed comes after it on mariadb', () => {
  let log: FollowedLog;
  afterEach(() => log.close());

  async function openFirst() {
    const first = log.dataSource.createQueryRunner();
    await first.startTransaction();
    await log.insert(['T1'], first);
    return {
      async commit() {
        await first.commitTransaction();
        await first.release();
      },
    };
  }

  test('in an idle log', async () => {
    log = await FollowedLog.on('mariadb');
    log.start();
    const first = await openFirst();
    await log.insert(['T2']);
    log.runner.signal();
    await log.reached(1);
    await first.commit();
    await log.insert(['T3']);
    log.runner.signal();
    await log.reached(3);
    expect(await log.types()).toEqual(['T2', 'T1', 'T3']);
  });

  test.each([
    { batch: 'small batches', batchSize: 64, maxBatchSize: 64 },
    { batch: 'growing batches', batchSize: 16, maxBatchSize: 1024 },
  ])('under a backlog of thousands, numbered in $batch', async ({ batchSize, maxBatchSize }) => {
    log = await FollowedLog.on('mariadb', { batchSize, maxBatchSize });
    const first = await openFirst();
    const backlog = range(1, BACKLOG).map((n) => `T2 ${n}`);
    await log.insert(backlog);

    // The runner is held up in the middle of the backlog while T1 commits and T3 comes and goes.
    let proceed!: () => void;
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    log.storage.inject('readPending', (call) => call(), 3);
    log.storage.inject('readPending', (call) => gate.then(call));
    log.start();
    await until(() => log.storage.calls.readPending === 4, { what: 'the middle of the backlog' });
    const numbered = log.runner.status.lastSeq!;
    expect(numbered).toBeGreaterThan(0);
    expect(numbered).toBeLessThan(BACKLOG / 2);
    await first.commit();
    await log.insert(['T3']);
    proceed();

    await log.reached(BACKLOG + 2);
    const types = await log.types();
    // T1 has the smallest id of all that is left, and T3 the largest.
    expect(types[numbered]).toBe('T1');
    expect(types.at(-1)).toBe('T3');
    expect(types.filter((type) => type.startsWith('T2'))).toEqual(backlog);
  });

  test('also while the backlog was read before T1 committed, and is numbered after', async () => {
    log = await FollowedLog.on('mariadb', { batchSize: 64, maxBatchSize: 64 });
    const first = await openFirst();
    await log.insert(range(1, 200).map(() => 'T2'));
    let proceed!: () => void;
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    log.storage.inject('sequence', (call) => gate.then(call));
    log.start();
    await until(() => log.storage.calls.sequence === 1, { what: 'the first batch' });
    await first.commit();
    await log.insert(['T3']);
    proceed();
    await log.reached(202);
    const types = await log.types();
    expect(types.indexOf('T1')).toBe(64);
    expect(types.indexOf('T3')).toBe(201);
  });
});
