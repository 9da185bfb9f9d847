import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';

export type Row = Record<string, unknown>;

/** A database of its own for one test file, on the test run's server or on one given. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** What a TypeORM DataSource needs to connect; the test adds entities and the rest. */
  readonly options: { readonly type: 'mariadb' | 'mysql'; readonly url: string };
  /** Runs one statement in this database, on a connection that the code under test does not share. */
  query<T extends Row = Row>(sql: string, values?: unknown[]): Promise<T[]>;
  /** Counts the connections to this database, without our own. */
  connectionCount(): Promise<number>;
  /** Drops the database; fails instead of waiting for long when a transaction still uses it. */
  drop(): Promise<void>;
}

/**
 * Creates an empty database with a unique name.
 *
 * @param serverUrl the server; by default the test run's own
 */
export async function createDatabase(serverUrl = testServerUrl()): Promise<TestDatabase> {
  const name = `eventx_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const setUp = createPool({ uri: serverUrl, connectionLimit: 1 });
  let mariadb: boolean;
  try {
    await setUp.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    const [row] = await select(setUp, 'SELECT VERSION() AS version');
    mariadb = /mariadb/i.test(String(row?.['version']));
  } finally {
    await setUp.end();
  }

  // A pool of one, because it replaces a connection that a fault test has broken.
  const admin = createPool({ uri: url.href, connectionLimit: 1 });
  return {
    name,
    url: url.href,
    options: { type: mariadb ? 'mariadb' : 'mysql', url: url.href },
    query: <T extends Row>(sql: string, values?: unknown[]) => select<T>(admin, sql, values),
    async connectionCount() {
      const [row] = await select(
        admin,
        'SELECT COUNT(*) AS count FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
        [name],
      );
      return Number(row?.['count']);
    },
    async drop() {
      try {
        await admin.query('SET lock_wait_timeout = 10');
        await admin.query(`DROP DATABASE ${name}`);
      } finally {
        await admin.end();
      }
    },
  };
}

export interface TempSqliteFile {
  /** The path of a database file that does not exist yet, in a folder of its own. */
  readonly path: string;
  /** Removes the folder, with the journal files that SQLite puts beside the database. */
  remove(): void;
}

export function tempSqliteFile(): TempSqliteFile {
  const folder = mkdtempSync(join(tmpdir(), 'eventx-sqlite-'));
  return {
    path: join(folder, 'test.db'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function testServerUrl(): string {
  const url = process.env['EVENTX_TEST_MARIADB_URL'];
  if (!url) {
    throw new Error(
      'EVENTX_TEST_MARIADB_URL is not set: run the tests with jest, whose global setup starts a ' +
        'server, or pass the URL of one to createDatabase().',
    );
  }
  return url;
}

async function select<T extends Row = Row>(
  pool: Pool,
  sql: string,
  values?: unknown[],
): Promise<T[]> {
  const [rows] = await pool.query<(RowDataPacket & T)[]>(sql, values);
  return rows;
}
