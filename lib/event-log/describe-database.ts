import type { DataSource } from 'typeorm';

import type { LogConnections } from '../typeorm/connections/log-connections.js';
import type { Dialect } from '../typeorm/dialects/index.js';

const KINDS = { mariadb: 'MariaDB', mysql: 'MySQL', sqlite: 'SQLite' } as const;

/** The database in a few words, for people: kind, version and name. */
export function describeDatabase(
  dataSource: DataSource,
  connections: LogConnections,
  dialect: Dialect,
): Promise<string> {
  return connections.use(async (connection) => {
    // Such as 5.5.5-10.11.6-MariaDB-log: the first number is for clients of long ago.
    const [version] = (await dialect.version(connection)).replace(/^5\.5\.5-/, '').split('-');
    const name = await dialect.database(connection);
    const where = name === null ? String(dataSource.options.database) : `database ${name}`;
    return `${KINDS[dialect.name]} ${version}, ${where}`;
  });
}
