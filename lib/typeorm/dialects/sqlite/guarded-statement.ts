import type { SqliteConnection, SqliteStatement } from './typeorm-internals.js';

const BEGINS = /^\s*begin\b/i;
const WRITES = /^\s*(insert|update|delete|replace|with|create|alter|drop)\b/i;

/** Whether a statement, outside of a transaction, waits for a writer in another process. */
export function waitsForWriters(sql: string): boolean {
  return BEGINS.test(sql) || WRITES.test(sql);
}

/**
 * Looks after a prepared statement at the moment it runs; each of these calls is synchronous.
 *
 * libsql does not reset a statement that ran into SQLITE_BUSY. It stays "in progress" until it is garbage collected, and
 * until then the connection commits nothing more: COMMIT fails, and what runs outside of a transaction is acknowledged
 * and not saved. `exec` leaves none behind, so the right to write is got with that.
 *
 * @param check throws if the statement must not run
 */
export function guardStatement(
  statement: SqliteStatement,
  sql: string,
  connection: SqliteConnection,
  check: () => void,
): SqliteStatement {
  const guarded = <T>(work: () => T): T => {
    check();
    return WRITES.test(sql) ? inTransaction(connection, work) : work();
  };
  if (BEGINS.test(sql)) {
    const run = () => {
      connection.exec(sql);
      return { changes: 0, lastInsertRowid: 0 };
    };
    return { reader: false, all: run, run };
  }
  return {
    reader: statement.reader,
    all: (...parameters) => guarded(() => statement.all(...parameters)),
    run: (...parameters) => guarded(() => statement.run(...parameters)),
  };
}

function inTransaction<T>(connection: SqliteConnection, work: () => T): T {
  if (connection.inTransaction) return work();
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
