import type { DataSource, QueryRunner } from 'typeorm';

import { destroyConnection } from './borrowed.js';
import { QueryRunnerConnection } from './query-runner-connection.js';

/**
 * Runs `work` in a transaction, which is committed if it resolves to true. When the signal aborts, the connection is destroyed
 * under it: a rollback alone would let what `work` still does run on the same connection, outside of any transaction.
 * @param restore puts the connection back to how the pool gave it
 * @returns whether it was committed
 */
export async function breakableTransaction(
  dataSource: DataSource,
  signal: AbortSignal,
  work: (connection: QueryRunner) => Promise<boolean>,
  restore: (connection: QueryRunner) => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  if (signal.aborted) return false;
  const connection = dataSource.createQueryRunner('master');
  const giveBack = () =>
    restore(connection).then(
      () => connection.release(),
      () => destroyConnection(dataSource, connection),
    );
  let onAbort!: () => void;
  const aborted = new Promise<'aborted'>((resolve) => (onAbort = () => resolve('aborted')));
  signal.addEventListener('abort', onAbort);
  try {
    const outcome = await Promise.race([
      new QueryRunnerConnection(connection).transaction(
        () => work(connection),
        (keep) => keep,
      ),
      aborted,
    ]);
    if (outcome === 'aborted') {
      destroyConnection(dataSource, connection);
      return false;
    }
    await giveBack();
    return outcome;
  } catch (error) {
    // Still active: the rollback failed too, and the next user of the connection would be inside of this transaction.
    if (connection.isTransactionActive) destroyConnection(dataSource, connection);
    else await giveBack();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
