import type { DataSource } from 'typeorm';

import { isEmbeddedSqlite, serializeSqlite } from '../dialects/sqlite/serialize-sqlite.js';
import type { ConnectionSettings, LogConnections } from './log-connections.js';
import { mySqlConnections } from '../dialects/mysql/mysql-connections.js';
import { sqliteConnections } from '../dialects/sqlite/sqlite-connections.js';

/** The connections of a log to the database of a data source. Nothing is opened before it is needed. */
export function openConnections(
  dataSource: DataSource,
  settings: ConnectionSettings,
): LogConnections {
  if (!isEmbeddedSqlite(dataSource)) return mySqlConnections(dataSource, settings);
  serializeSqlite(dataSource);
  return sqliteConnections(dataSource, settings);
}
