import type { DataSource } from 'typeorm';

import { EventxSchemaError } from '../../core/errors.js';
import type { Dialect } from './dialect.js';
import { mariadb } from './mariadb.js';
import { mysql } from './mysql.js';
import { sqlite } from './sqlite.js';

export * from './dialect.js';
export { affectedRows, inTransaction } from './transaction.js';

const DIALECTS = { mariadb, mysql, sqlite } as const;

/** The dialects by name. */
export function dialectNamed(name: Dialect['name']): Dialect {
  return DIALECTS[name];
}

/**
 * The dialect of a data source. Which server it really is counts, not which type the data source claims: both types reach both.
 * @throws EventxSchemaError for a database the library does not know
 */
export async function dialectOf(dataSource: DataSource): Promise<Dialect> {
  switch (dataSource.options.type) {
    case 'better-sqlite3':
      return sqlite;
    case 'mysql':
    case 'mariadb': {
      const [server] = await dataSource.query<{ version: string }[]>('SELECT VERSION() AS version');
      return /mariadb/i.test(server?.version ?? '') ? mariadb : mysql;
    }
    default:
      throw new EventxSchemaError(
        `eventx keeps its log in MySQL, MariaDB or SQLite (type 'better-sqlite3'), but the data source is of type ` +
          `'${dataSource.options.type}'. Name another data source with the option "dataSource".`,
      );
  }
}
