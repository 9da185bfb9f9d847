import type { QueryRunner } from 'typeorm';

import type { Numbering, Statement } from './dialect.js';

type Isolation = 'READ COMMITTED';

/** Runs `work` in a transaction of its own, which is committed if `keep` says so of the result, else rolled back. */
export async function inTransaction<T>(
  connection: QueryRunner,
  isolation: Isolation | undefined,
  work: () => Promise<T>,
  keep: (result: T) => boolean = () => true,
): Promise<T> {
  await connection.startTransaction(isolation);
  try {
    const result = await work();
    if (keep(result)) await connection.commitTransaction();
    else await connection.rollbackTransaction();
    return result;
  } catch (error) {
    if (connection.isTransactionActive)
      await connection.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** Numbers a batch with one statement after the other. @returns whether it was committed */
export async function numberInTransaction(
  connection: QueryRunner,
  { advance, updates, count }: Numbering,
  isolation?: Isolation,
): Promise<boolean> {
  const numbered = await inTransaction(
    connection,
    isolation,
    async () => {
      if ((await affectedRows(connection, advance)) !== 1) return 0;
      let sum = 0;
      for (const update of updates) sum += await affectedRows(connection, update);
      return sum;
    },
    (sum) => sum === count,
  );
  return numbered === count;
}

/** Runs a statement that changes rows. @returns how many */
export async function affectedRows(
  connection: QueryRunner,
  { sql, parameters }: Statement,
): Promise<number> {
  const result = await connection.query(sql, [...parameters], true);
  return result.affected ?? 0;
}
