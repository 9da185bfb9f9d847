import type { DataSource, QueryRunner } from 'typeorm';

import { EventxSchemaError } from '../../core/errors.js';
import { quote } from '../tables.js';
import {
  SCHEMA_VERSIONS,
  type SchemaTarget,
  type SchemaVersion,
  versionStatements,
} from './versions.js';

/**
 * Brings the schema up to date. Several instances may start together: one migrates, the others wait and find nothing to do.
 * @returns the names of the versions that were applied
 */
export async function migrate(dataSource: DataSource, target: SchemaTarget): Promise<string[]> {
  const connection = dataSource.createQueryRunner('master');
  try {
    if ((await missingVersions(connection, target)).length === 0) return [];
    return await target.dialect.exclusively(connection, target.tables.events, async () => {
      const missing = await missingVersions(connection, target);
      for (const version of missing) await apply(connection, version, target);
      return missing.map(({ name }) => name);
    });
  } finally {
    await connection.release();
  }
}

/** The versions that this log does not have yet, oldest first. */
export async function missingVersions(
  connection: QueryRunner,
  { dialect, tables }: SchemaTarget,
): Promise<readonly SchemaVersion[]> {
  if ((await dialect.columns(connection, tables.migrations)).length === 0) return SCHEMA_VERSIONS;
  const rows = (await connection.query(
    `SELECT \`version\` FROM ${quote(tables.migrations)} WHERE \`log\` = ?`,
    [tables.events],
  )) as { version: number }[];
  const applied = new Set(rows.map(({ version }) => Number(version)));
  return SCHEMA_VERSIONS.filter(({ version }) => !applied.has(version));
}

/** Runs one version's statements. */
export async function apply(
  connection: QueryRunner,
  version: SchemaVersion,
  target: SchemaTarget,
): Promise<void> {
  await requireOwnTable(connection, target);
  for (const sql of versionStatements(version, target)) {
    await connection.query(sql);
  }
}

/** @throws EventxSchemaError when the application is to make the events table, and has not */
async function requireOwnTable(connection: QueryRunner, target: SchemaTarget): Promise<void> {
  const { dialect, tables, withEvents } = target;
  if (withEvents || (await dialect.columns(connection, tables.events)).length > 0) return;
  throw new EventxSchemaError(
    `There is no table "${tables.events}". It belongs to an entity of the application, whose migrations must run first.`,
  );
}
