import type { DataSource, QueryRunner } from 'typeorm';

import { StorageTimeoutError } from '../../errors.js';
import { QueryRunnerConnection } from './query-runner-connection.js';
import type { SqlConnection } from './sql-connection.js';

/**
 * Runs `work` on a connection of the application's pool and gives the connection back. After an error, and when the database does
 * not answer in time, it is destroyed instead: it may still be busy. Nobody shall meet it again.
 * @throws StorageTimeoutError, or what `work` throws
 */
export async function borrowed<T>(
  dataSource: DataSource,
  timeoutMs: number,
  work: (connection: SqlConnection) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner('master');
  let timer: NodeJS.Timeout | undefined;
  let failed = false;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StorageTimeoutError(
          `The database did not answer within ${timeoutMs} ms (option queryTimeout). Is it overloaded or hung, or is the ` +
            `connection pool exhausted by transactions that stay open?`,
        ),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(new QueryRunnerConnection(runner)), timeout]);
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    clearTimeout(timer);
    if (failed) destroyConnection(dataSource, runner);
    else await runner.release();
  }
}

/** The part of a driver's connection that matters here. */
interface DestroyableConnection {
  destroy(): void;
}

/**
 * Gets rid of a connection that may be in the middle of something. The server rolls back what was open; nothing more runs on it.
 */
export function destroyConnection(dataSource: DataSource, connection: QueryRunner): void {
  if (dataSource.options.type === 'better-sqlite3') {
    // There is but one; its query runner rolls back and takes no further query from now on.
    connection.release().catch(() => undefined);
    return;
  }
  const destroy = (raw: DestroyableConnection) => {
    raw.destroy();
    void connection.release();
  };
  const { databaseConnection } = connection as { databaseConnection?: DestroyableConnection };
  if (databaseConnection) destroy(databaseConnection);
  // The pool has yet to give it: a query runner released before that would keep it for ever.
  else connection.connect().then(destroy, () => undefined);
}
