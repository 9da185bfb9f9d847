import type { Row, SqlConnection } from '../../connections/sql-connection.js';
import { findingIf, type ServerFinding, type UnsafeSetting } from '../dialect.js';
import { variables } from './variables.js';

/** How often to ask: a proxy may spread reads over replicas and the primary in turn. */
const TRIES = 4;

const IDENTITY = ['server_id', 'hostname', 'port'] as const;

/**
 * A proxy (ProxySQL, MaxScale, a driver of a cloud) that sends SELECTs to replicas. Such a read is answered by what was true a moment
 * ago; everything here takes what it reads for what is.
 */
export async function splitReads(
  connection: SqlConnection,
): Promise<readonly ServerFinding<UnsafeSetting>[]> {
  const shown = await variables(connection, 'GLOBAL', ...IDENTITY);
  const servers = new Set([IDENTITY.map((name) => shown.get(name)).join('|')]);
  const select = `SELECT ${IDENTITY.map((name) => `@@${name} AS \`${name}\``).join(', ')}`;
  const note = ([row]: Row[]) => servers.add(IDENTITY.map((name) => String(row?.[name])).join('|'));
  for (let times = 0; times < TRIES; times++) note(await connection.rows(select));
  await connection.transaction(async () => note(await connection.rows(select)));
  return findingIf(
    servers.size > 1,
    'split-reads',
    'Reads and writes of one connection are answered by different servers: a proxy sends SELECTs to replicas. What they answer may be ' +
      'old, so events could be handled again and again, and the log be taken for truncated (G4, G5, G8).',
    'Connect the data source of the log to the primary itself, or exempt its user from read/write splitting',
  );
}
