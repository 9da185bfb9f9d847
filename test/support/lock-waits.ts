import { setTimeout as delay } from 'node:timers/promises';

import type { DataSource } from 'typeorm';

import { until } from './until.js';

/** InnoDB looks anew only when nobody has asked for a tenth of a second. */
const CACHED_MS = 120;

/** Waits until so many sessions of this database wait for a row lock. */
export async function lockWaits(dataSource: DataSource, count: number): Promise<void> {
  await until(async () => (await countLockWaits(dataSource)) >= count, {
    what: `${count} sessions to wait for a lock`,
  });
}

/** How many sessions of this database wait for a row lock. */
export async function countLockWaits(dataSource: DataSource): Promise<number> {
  await delay(CACHED_MS);
  const [row] = await dataSource.query<{ waiting: unknown }[]>(
    'SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx t ' +
      'JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id ' +
      "WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()",
  );
  return Number(row!.waiting);
}
