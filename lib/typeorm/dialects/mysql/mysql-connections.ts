import type { DataSource } from 'typeorm';

import { borrowed } from '../../connections/borrowed.js';
import { ConnectionPool } from '../../connections/connection-pool.js';
import { assertInitialized } from '../../connections/data-source-state.js';
import type { ConnectionSettings, LogConnections } from '../../connections/log-connections.js';
import { MySqlConnection } from './mysql-connection.js';
import { applicationPool, mySqlDriver, ownMySqlOptions } from './mysql-options.js';
import type { SqlConnection } from '../../connections/sql-connection.js';

/**
 * How long a process may fall silent with a transaction of ours open, in seconds, before the server ends its session: a process that is
 * frozen, or cut off from the network, would hold its locks for hours.
 */
const SILENCE_S = 4;

/** Sessions of the log's own on a MySQL or MariaDB server, made from the data source's options as they are when one is opened. */
export function mySqlConnections(
  dataSource: DataSource,
  { size, timeoutMs }: ConnectionSettings,
): LogConnections {
  const open = () => {
    const raw = mySqlDriver(dataSource).mysql.createConnection(
      ownMySqlOptions(dataSource, timeoutMs),
    );
    return MySqlConnection.open(dataSource, raw, setUp(timeoutMs), timeoutMs);
  };
  // A data source that is closed and initialized again has a new pool, and may have other credentials.
  const generation = () => {
    assertInitialized(dataSource);
    const { pool, poolCluster } = mySqlDriver(dataSource);
    return pool ?? poolCluster;
  };
  const pool = new ConnectionPool({ size, timeoutMs, open, generation });
  const use: LogConnections['use'] = (work, limit) => pool.use(work, limit);
  return {
    use,
    read: use,
    async fresh<T>(work: (connection: SqlConnection) => Promise<T>, limit?: number): Promise<T> {
      const own = new ConnectionPool({ size: 1, timeoutMs, open, generation });
      try {
        return await own.use(work, limit);
      } finally {
        await own.close();
      }
    },
    ofApplication: (work) => borrowed(dataSource, timeoutMs, work),
    applicationPool: () => applicationPool(dataSource),
    close: () => pool.close(),
  };
}

/** How a session of ours begins, whatever the server, its `init_connect` or a proxy make of new ones. */
function setUp(timeoutMs: number): readonly string[] {
  // Shorter than we wait ourselves, so that the reason is known; and a server goes on waiting when its client is gone.
  const lockWait = Math.max(1, Math.floor(timeoutMs / 2000));
  return [
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    "SET SESSION autocommit = 1, sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', " +
      `innodb_lock_wait_timeout = LEAST(@@innodb_lock_wait_timeout, ${lockWait}), lock_wait_timeout = ${lockWait}, wait_timeout = ${SILENCE_S}`,
  ];
}
