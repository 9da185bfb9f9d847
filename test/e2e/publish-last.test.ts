import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueryRunner } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { until } from '../support/until.js';
import { typesAfter } from '../support/reading.js';

// SQLite has one writer at a time: nobody waits for a row there.
describe('G3 causal: transactions that wait for a row lock on mariadb', () => {
  let log: TestApp;
  let first: QueryRunner;
  let second: QueryRunner;
  let running: Promise<void> | undefined;
  const stop = new AbortController();
  beforeAll(async () => {
    log = await startAppOn('mariadb', { options: { run: false } });
    await log.dataSource.query('CREATE TABLE stock (id INT PRIMARY KEY, left_over INT)');
    await log.dataSource.query('INSERT INTO stock VALUES (1, 10)');
    first = log.dataSource.createQueryRunner();
    second = log.dataSource.createQueryRunner();
  });
  afterAll(async () => {
    stop.abort();
    await running;
    await first.release();
    await second.release();
    await log.close();
  });

  const sell = (connection: QueryRunner) =>
    connection.query('UPDATE stock SET left_over = left_over - 1 WHERE id = 1');
  const isWaiting = async () => {
    const [row] = await log.dataSource.query<{ waiting: string }[]>(
      'SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx AS trx ' +
        'JOIN information_schema.processlist AS list ON list.id = trx.trx_mysql_thread_id ' +
        "WHERE list.db = DATABASE() AND trx.trx_state = 'LOCK WAIT'",
    );
    return Number(row!.waiting) === 1;
  };

  test('an event comes after that of the transaction it waited for, even if it was published before', async () => {
    await first.startTransaction();
    await second.startTransaction();
    await sell(first);
    await log.eventx.publish(second.manager, { type: 'second' });
    const waiting = sell(second);
    await until(isWaiting, { what: 'the second transaction to wait for the row' });
    await log.eventx.publish(first.manager, { type: 'first' });
    await first.commitTransaction();
    await waiting;
    await second.commitTransaction();

    // Only now: numbered one by one, they could not come in the wrong order.
    running = log.runner.run(stop.signal);
    expect(await typesAfter(log, 0)).toEqual(['first', 'second']);
  });
});
