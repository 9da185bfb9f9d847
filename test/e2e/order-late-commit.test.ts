import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { FollowedLog } from '../support/followed-log.js';
import { range } from '../support/stored-events.js';

// SQLite has one writer at a time: transactions do not overlap there.
describe('G2 total order: overlapping transactions whose ids commit out of order on mariadb', () => {
  let log: FollowedLog;
  beforeEach(async () => {
    log = await FollowedLog.on('mariadb');
    log.start();
  });
  afterEach(() => log.close());

  test('get numbers in the order of their commits, without a gap and without a wait', async () => {
    const slow = log.dataSource.createQueryRunner();
    const rolledBack = log.dataSource.createQueryRunner();
    await slow.startTransaction();
    await log.insert(['slow 1', 'slow 2'], slow);
    await rolledBack.startTransaction();
    await log.insert(['never'], rolledBack);
    await log.insert(['quick']);
    log.runner.signal();
    // Both are still open.
    await log.reached(1);
    await rolledBack.rollbackTransaction();
    await rolledBack.release();
    await slow.commitTransaction();
    await slow.release();
    log.runner.signal();
    await log.reached(3);
    expect(await log.types()).toEqual(['quick', 'slow 1', 'slow 2']);
    const rows = await log.dataSource.query<{ id: string; seq: string }[]>(
      'SELECT id, seq FROM eventx_events ORDER BY seq',
    );
    expect(rows.map(({ seq }) => Number(seq))).toEqual(range(1, 3));
    expect(rows.map(({ id }) => Number(id))).toEqual([4, 1, 2]);
  });

  test('reach a subscriber that waits, each once', async () => {
    const subscriber = log.runner.subscriber({ from: 1 });
    const late = log.dataSource.createQueryRunner();
    await late.startTransaction();
    await log.insert(['late'], late);
    await log.insert(['early']);
    log.runner.signal();
    expect((await subscriber.fetch()).map(({ id, seq }) => [id, seq])).toEqual([[2, 1]]);
    await late.commitTransaction();
    await late.release();
    log.runner.signal();
    expect((await subscriber.fetch()).map(({ id, seq }) => [id, seq])).toEqual([[1, 2]]);
  });
});
