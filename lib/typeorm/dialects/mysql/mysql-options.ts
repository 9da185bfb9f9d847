import type { DataSource } from 'typeorm';

import type { ApplicationPool } from '../../connections/log-connections.js';
import type { RawMySqlConnection } from './mysql-connection.js';

/** What we use of TypeORM's driver for MySQL and MariaDB; 0.3 and 1.x agree on it. */
interface MySqlDriver {
  readonly options: {
    readonly replication?: { readonly master: object; readonly restoreNodeTimeout?: number };
  };
  /** The package: mysql2, or what the application has given. */
  readonly mysql: { createConnection(options: object): RawMySqlConnection };
  /** The options for the package, with the application's `extra` in them. */
  createConnectionOptions(options: object, credentials: object): Readonly<Record<string, unknown>>;
  readonly pool?: unknown;
  readonly poolCluster?: unknown;
}

/** Where the server is, who we are, and how we prove it. */
const KEPT = [
  'host',
  'port',
  'user',
  'password',
  'database',
  'socketPath',
  'ssl',
  'charset',
  'stream',
  'localAddress',
  'compress',
  'insecureAuth',
  'enableCleartextPlugin',
  'authPlugins',
  'authSwitchHandler',
  'password1',
  'password2',
  'password3',
  'passwordSha1',
  'connectAttributes',
] as const;

/** Everything that could change what a statement does, or what comes back of it, is said here. */
const OURS = {
  multipleStatements: true,
  supportBigNumbers: true,
  // Beyond 2^53 they come as text, which is refused, rather than rounded.
  bigNumberStrings: false,
  decimalNumbers: false,
  dateStrings: false,
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  stringifyObjects: true,
  enableKeepAlive: true,
  trace: false,
} as const;

export function mySqlDriver(dataSource: DataSource): MySqlDriver {
  return dataSource.driver as unknown as MySqlDriver;
}

/** How many connections mysql2 opens unless the application says otherwise. */
const DEFAULT_POOL_SIZE = 10;

export function applicationPool(dataSource: DataSource): ApplicationPool {
  const { replication } = mySqlDriver(dataSource).options;
  const { connectionLimit } = givenOptions(dataSource);
  return {
    size: typeof connectionLimit === 'number' ? connectionLimit : DEFAULT_POOL_SIZE,
    forgetsServers: replication !== undefined && !replication.restoreNodeTimeout,
  };
}

function givenOptions(dataSource: DataSource): Readonly<Record<string, unknown>> {
  const driver = mySqlDriver(dataSource);
  const { options } = driver;
  return driver.createConnectionOptions(options, options.replication?.master ?? options);
}

/**
 * The connection options of a data source as they are now, of its primary where it has replicas: how to get in is the application's,
 * all else ours. Its time zone stays too, for what an entity of the application's own keeps without one (DATETIME).
 */
export function ownMySqlOptions(
  dataSource: DataSource,
  timeoutMs: number,
): Readonly<Record<string, unknown>> {
  const given = givenOptions(dataSource);
  const kept = Object.fromEntries(
    [...KEPT, 'timezone']
      .filter((name) => given[name] !== undefined)
      .map((name) => [name, given[name]]),
  );
  return { ...kept, ...OURS, connectTimeout: timeoutMs };
}
