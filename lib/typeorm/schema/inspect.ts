import { EventxSchemaError } from '../../errors.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import { envelopeMapping } from '../mapping/event-mapping.js';
import { DEFAULT_TABLES, type TableNames } from '../tables.js';
import { missingVersions } from './migrate.js';
import { SCHEMA_VERSIONS, type SchemaTarget } from './versions.js';

/** By which columns each table is known as one of ours. */
const COLUMNS: Readonly<Record<keyof TableNames, readonly string[]>> = {
  events: envelopeMapping.columns,
  state: ['name', 'last_seq', 'epoch'],
  offsets: ['log', 'consumer', 'seq', 'epoch'],
  done: ['log', 'consumer', 'seq'],
  deadLetters: ['log', 'consumer', 'seq', 'failures'],
  processes: ['log', 'id', 'seen_at'],
  migrations: ['log', 'version'],
};

/** The table that 0.1.0 kept its log in, and the last version of its schema. */
const FORMER = { table: 'events', version: 2 };

/**
 * Looks at what is there before anything is made: what is not ours is left alone.
 * @throws EventxSchemaError that names it
 */
export async function assertOurs(connection: SqlConnection, target: SchemaTarget): Promise<void> {
  const { dialect, tables, withEvents } = target;
  for (const [what, name] of Object.entries(tables) as [keyof TableNames, string][]) {
    if (what === 'events' && !withEvents) continue;
    const present = await dialect.columns(connection, name);
    const missing = COLUMNS[what].filter((column) => !present.includes(column));
    if (present.length === 0 || missing.length === 0) continue;
    throw new EventxSchemaError(
      `There is a table "${name}" already, which is not a table of the log: it lacks the column(s) ${missing.join(', ')}. Nothing ` +
        `was made or changed. Give it another name: tables: { ${what === 'events' ? 'events' : 'prefix'}: '…' }.`,
    );
  }
  await assertNotFormer(connection, target);
}

/** A log of 0.1.0 that is not asked for is most likely meant: a new one would begin at 1 beside it. */
async function assertNotFormer(connection: SqlConnection, target: SchemaTarget): Promise<void> {
  const { dialect, tables, log } = target;
  if (tables.events !== DEFAULT_TABLES.events) return;
  // Whoever has this log already knows what the other one is.
  if ((await missingVersions(connection, target)).length < SCHEMA_VERSIONS.length) return;
  const missing = await missingVersions(connection, { ...target, log: FORMER.table });
  const applied = SCHEMA_VERSIONS.filter((version) => !missing.includes(version));
  if (applied.length === 0 || applied.at(-1)!.version > FORMER.version) return;
  const present = await dialect.columns(connection, FORMER.table);
  if (!envelopeMapping.columns.every((column) => present.includes(column))) return;
  throw new EventxSchemaError(
    `The log would be made in table "${log}", the default since 0.2.0, but this database has a log of 0.1.0 in table ` +
      `"${FORMER.table}". To go on with that one: tables: { events: '${FORMER.table}' }. If it is not used any more: DELETE FROM ` +
      `${tables.migrations} WHERE log = '${FORMER.table}'.`,
  );
}
