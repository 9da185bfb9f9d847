import type { DataSource } from 'typeorm';
import { EventxOptionsError, EventxUsageError } from '../../../errors.js';
import { makeDurable } from './durability.js';
import { onRead } from './on-read.js';
import { serializedQueryRunnerClass } from './serialized-query-runner.js';
import { turnsOfFile } from './turns-of-file.js';
import { type TurnOwner, Turns } from './turns.js';
import {
  isInTransaction,
  type SqliteDriver,
  type SqliteQueryRunnerClass,
} from './typeorm-internals.js';

export interface SerializeSqliteOptions {
  /**
   * How long a call waits for its turn, in milliseconds, before it rejects with an `EmbeddedTransactionError`.
   *
   * @default 30000
   */
  readonly waitLimitMs?: number;
}

const DEFAULT_WAIT_LIMIT_MS = 30_000;
/** How long `dataSource.destroy()` at most lets transactions finish, as a connection pool does. */
const CLOSE_WAIT_LIMIT_MS = 5_000;

const CLOSER: TurnOwner = { hasOpenTransaction: false };

const serialized = new WeakSet<DataSource>();

/** Whether `serializeSqlite` is for this data source: it uses better-sqlite3, or libsql in its place. */
export function isEmbeddedSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}

/**
 * Makes transactions safe on an embedded SQLite database, and its commits durable.
 *
 * TypeORM shares one query runner, and so one transaction state, among all users of a SQLite data source: concurrent
 * transactions fail, or commit rows that another one rolled back. After this call every query runner of the data
 * source has its own state, and they take turns with the connection, first come, first served. Using the data source
 * inside of one of its transactions is refused with an `EmbeddedTransactionError`, as it could only wait for ever.
 *
 * Call it when the data source has been created or initialized, before the first transaction. A second call does nothing.
 *
 * @throws EventxOptionsError when the data source is not of type better-sqlite3
 * @throws EventxUsageError when a transaction is open
 */
export function serializeSqlite(
  dataSource: DataSource,
  options: SerializeSqliteOptions = {},
): void {
  if (serialized.has(dataSource)) return;
  if (!isEmbeddedSqlite(dataSource)) {
    throw new EventxOptionsError(
      `serializeSqlite() is for data sources of type 'better-sqlite3', not '${dataSource.options.type}'. For an embedded ` +
        `database use { type: 'better-sqlite3', driver: libsql }; other databases do not need it.`,
    );
  }
  const driver = dataSource.driver as unknown as SqliteDriver;
  const waitLimitMs = options.waitLimitMs ?? DEFAULT_WAIT_LIMIT_MS;
  const Runner = serializedQueryRunnerClass(queryRunnerClassOf(driver));

  let turns = new Turns();
  const connection = driver.databaseConnection;
  if (connection?.open) {
    if (isInTransaction(connection)) {
      throw new EventxUsageError(
        `serializeSqlite() was called while a transaction was open. Call it right after the data source was created or initialized.`,
      );
    }
    makeDurable(connection, driver);
    turns = turnsOfFile(driver.options.database);
  }
  serialized.add(dataSource);

  const connect = driver.connect.bind(driver);
  const disconnect = driver.disconnect.bind(driver);
  driver.createQueryRunner = () => {
    turns.markAfterStart();
    return new Runner(driver, turns, waitLimitMs);
  };
  driver.connect = async () => {
    await connect();
    const opened = driver.databaseConnection;
    if (!opened) return;
    try {
      makeDurable(opened, driver);
    } catch (error) {
      opened.close();
      throw error;
    }
    turns = turnsOfFile(driver.options.database);
  };
  driver.disconnect = async () => {
    let closed: Promise<void> | undefined;
    const close = () => {
      // libsql closes a connection only when its statements are gone; until then its transaction would lock the file.
      const open = driver.databaseConnection;
      if (isInTransaction(open)) open?.exec('ROLLBACK');
      return (closed ??= disconnect());
    };
    // No turn comes inside of a transaction, or if one never ends: then the connection is closed under it.
    await turns.useNew(CLOSER, Math.min(waitLimitMs, CLOSE_WAIT_LIMIT_MS), close).catch(close);
    turns.settle();
  };
  // `manager.save()` awaits before it makes its query runner; this it reads at once.
  onRead(dataSource.manager, 'queryRunner', () => turns.markAfterStart());
}

function queryRunnerClassOf(driver: SqliteDriver): SqliteQueryRunnerClass {
  const shared = driver.createQueryRunner('master');
  driver.queryRunner = undefined;
  return shared.constructor as SqliteQueryRunnerClass;
}
