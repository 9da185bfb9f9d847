import libsql from 'libsql';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { createDatabase, tempSqliteFile } from './databases.js';

/** The databases that every behaviour is tested on. */
export const DATABASES = ['mariadb', 'sqlite'] as const;
export type Database = (typeof DATABASES)[number];

/** An empty database, and how to connect to it. */
export interface TestDatabaseOptions {
  readonly options: DataSourceOptions;
  readonly remove: () => Promise<void>;
}

/** Creates an empty database for one test or one file. */
export async function emptyDatabase(database: Database): Promise<TestDatabaseOptions> {
  if (database === 'mariadb') {
    const created = await createDatabase();
    const extra = { connectionLimit: 40 };
    return { options: { ...created.options, extra }, remove: () => created.drop() };
  }
  const file = tempSqliteFile();
  return {
    options: { type: 'better-sqlite3', driver: libsql, database: file.path },
    remove: () => Promise.resolve(file.remove()),
  };
}

/** A connected data source. */
export async function connect(
  options: DataSourceOptions,
  more: Partial<Pick<DataSourceOptions, 'entities' | 'migrations'>> = {},
): Promise<DataSource> {
  return new DataSource({ ...options, ...more }).initialize();
}
