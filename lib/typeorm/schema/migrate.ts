import { EventxSchemaError } from '../../errors.js';
import type { LogConnections } from '../connections/log-connections.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import { assertOurs } from './inspect.js';
import {
  SCHEMA_VERSIONS,
  type SchemaTarget,
  type SchemaVersion,
  versionStatements,
} from './versions.js';

/** How long all of a migration may take, in ms: others may be at it, and wait for locks on the tables. */
const LIMIT_MS = 300_000;

/**
 * Brings the schema up to date. Several instances may start together: one migrates, the others wait and find nothing to do.
 * @returns the names of the versions that were applied
 */
export function migrate(connections: LogConnections, target: SchemaTarget): Promise<string[]> {
  return connections.fresh(async (connection) => {
    if ((await missingVersions(connection, target)).length === 0) return [];
    // Not by the log: several may share the other tables, and start together.
    return target.dialect.exclusively(connection, target.tables.migrations, async () => {
      await assertOurs(connection, target);
      const missing = await missingVersions(connection, target);
      for (const version of missing) await apply(connection, version, target);
      return missing.map(({ name }) => name);
    });
  }, LIMIT_MS);
}

/** The versions that this log does not have yet, oldest first. */
export async function missingVersions(
  connection: SqlConnection,
  { dialect, tables, log, sql }: SchemaTarget,
): Promise<readonly SchemaVersion[]> {
  if ((await dialect.columns(connection, tables.migrations)).length === 0) return SCHEMA_VERSIONS;
  const rows = await connection.rows(
    `SELECT \`version\` FROM ${sql.migrations} WHERE \`log\` = ?`,
    [log],
  );
  const applied = new Set(rows.map(({ version }) => Number(version)));
  return SCHEMA_VERSIONS.filter(({ version }) => !applied.has(version));
}

/** Runs one version's statements. */
export async function apply(
  connection: SqlConnection,
  version: SchemaVersion,
  target: SchemaTarget,
): Promise<void> {
  await requireOwnTable(connection, target);
  for (const sql of versionStatements(version, target)) {
    await connection.rows(sql);
  }
}

/** @throws EventxSchemaError when the application is to make the events table, and has not */
async function requireOwnTable(connection: SqlConnection, target: SchemaTarget): Promise<void> {
  const { dialect, tables, withEvents, eventsDatabase } = target;
  if (withEvents) return;
  if ((await dialect.columns(connection, tables.events, eventsDatabase)).length > 0) return;
  throw new EventxSchemaError(
    `There is no table "${tables.events}". It belongs to an entity of the application, whose migrations must run first.`,
  );
}
