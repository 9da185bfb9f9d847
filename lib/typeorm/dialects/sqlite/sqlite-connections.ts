import { existsSync } from 'node:fs';

import type { DataSource } from 'typeorm';

import { borrowed } from '../../connections/borrowed.js';
import { ConnectionPool } from '../../connections/connection-pool.js';
import { assertInitialized } from '../../connections/data-source-state.js';
import type { ConnectionSettings, LogConnections } from '../../connections/log-connections.js';
import { type RawSqliteConnection, SqliteReader } from './sqlite-reader.js';

/** What we use of TypeORM's better-sqlite3 driver. */
interface SqliteDriver {
  readonly options: { readonly database: string };
  readonly databaseConnection?: unknown;
  /** Opens the file once more, as the application's options say. */
  createDatabaseConnection(): Promise<RawSqliteConnection>;
}

/** Raised inside of this file only. */
class NoReader extends Error {}

/**
 * The connections of a log in an embedded database: it has one writer, the application's connection, which takes turns; readers have
 * connections of their own, and see what is committed while a transaction is open. A database in memory has one connection for all.
 */
export function sqliteConnections(
  dataSource: DataSource,
  { size, timeoutMs }: ConnectionSettings,
): LogConnections {
  const driver = () => dataSource.driver as unknown as SqliteDriver;
  const readers = new ConnectionPool({
    size,
    timeoutMs,
    async open() {
      const { database } = driver().options;
      const reader = existsSync(database)
        ? SqliteReader.open(dataSource, await driver().createDatabaseConnection())
        : null;
      if (!reader) throw new NoReader();
      return reader;
    },
    generation() {
      assertInitialized(dataSource);
      return driver().databaseConnection;
    },
  });
  /** Where there are no readers it is found out once. */
  let hasReaders = true;
  const use: LogConnections['use'] = (work, limit = timeoutMs) => borrowed(dataSource, limit, work);
  return {
    use,
    async read(work) {
      if (!hasReaders) return use(work);
      try {
        return await readers.use(work);
      } catch (error) {
        if (!(error instanceof NoReader)) throw error;
        hasReaders = false;
        return use(work);
      }
    },
    fresh: use,
    ofApplication: use,
    applicationPool: () => null,
    close: () => readers.close(),
  };
}
