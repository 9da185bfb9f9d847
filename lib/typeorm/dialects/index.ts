import type { DataSource } from 'typeorm';

import { EventxSchemaError } from '../../errors.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import type { Dialect } from './dialect.js';
import { mariadb } from './mariadb/mariadb.js';
import { mysql } from './mysql/mysql.js';
import { sqlite } from './sqlite/sqlite.js';

export * from './dialect.js';

const DIALECTS = { mariadb, mysql, sqlite } as const;

/** The dialects by name. */
export function dialectNamed(name: Dialect['name']): Dialect {
  return DIALECTS[name];
}

/** @throws EventxSchemaError for a database the library does not know */
export function assertKnown(dataSource: DataSource): void {
  const { type } = dataSource.options;
  if (['better-sqlite3', 'mysql', 'mariadb'].includes(type)) return;
  throw new EventxSchemaError(
    `eventx keeps its log in MySQL, MariaDB or SQLite (type 'better-sqlite3'), but the data source is of type ` +
      `'${type}'. Name another data source with the option "dataSource".`,
  );
}

/**
 * The dialect of a data source. Which server it really is counts, not which type the data source claims: both types reach both.
 * @param connection to that server
 */
export async function dialectOf(
  dataSource: DataSource,
  connection: SqlConnection,
): Promise<Dialect> {
  if (dataSource.options.type === 'better-sqlite3') return sqlite;
  return /mariadb/i.test(await mysql.version(connection)) ? mariadb : mysql;
}
