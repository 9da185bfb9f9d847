import type { SqlConnection } from '../typeorm/connections/sql-connection.js';
import { missingVersions } from '../typeorm/schema/migrate.js';
import type { SchemaTarget } from '../typeorm/schema/versions.js';
import type { Check } from './examination.js';
import type { DoctorCheck, Finding } from './finding.js';

/** What is to be known of the schema before the log can be used. */
export interface SchemaFindings {
  /** Whatever is wrong with it. The log cannot be used unless there is nothing. */
  readonly findings: readonly Finding[];
  /** Name of the unique index on the seq column, where there is one. */
  readonly seqIndex: string | null;
}

/** The tables are there, and such that the statements of the library work on them. */
export const schema: Check = {
  name: 'schema',

  async examine(examination) {
    const { target, mapping } = examination.log;
    const { findings } = await examination.connected((connection) =>
      examineSchema(connection, target, mapping.columns),
    );
    return findings;
  },
};

/** @param columns of the events table that are read */
export async function examineSchema(
  connection: SqlConnection,
  target: SchemaTarget,
  columns: readonly string[],
): Promise<SchemaFindings> {
  // One after the other: where the schema is not up to date, it is no wonder that tables are missing.
  for (const look of [schemaVersion, missingTables]) {
    const findings = await look(connection, target);
    if (findings.length > 0) return { findings, seqIndex: null };
  }
  const { dialect, tables, seqColumn, eventsDatabase } = target;
  const seqIndex = await dialect.uniqueIndex(connection, tables.events, seqColumn, eventsDatabase);
  const findings = [
    ...(await missingColumns(connection, target, columns)),
    ...(seqIndex === null ? [missingIndex(target)] : []),
    ...(await engines(connection, target)),
  ];
  return { findings, seqIndex };
}

async function schemaVersion(connection: SqlConnection, target: SchemaTarget): Promise<Finding[]> {
  const missing = await missingVersions(connection, target);
  if (missing.length === 0) return [];
  return [
    error(
      'schema-version',
      `The schema lacks ${missing.map(({ name }) => name).join(', ')}.`,
      'Set the option "migrate: true", add eventxMigrations() to the migrations of the data source, or run the output of ' +
        'eventxSchemaSql()',
    ),
  ];
}

async function missingTables(
  connection: SqlConnection,
  { dialect, tables, withEvents, eventsDatabase }: SchemaTarget,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [what, name] of Object.entries(tables)) {
    const database = what === 'events' ? eventsDatabase : null;
    if ((await dialect.columns(connection, name, database)).length > 0) continue;
    findings.push(
      what === 'events' && !withEvents
        ? error(
            'missing-table',
            `There is no table "${name}".`,
            'The migrations of its entity must run before the module starts',
          )
        : error(
            'missing-table',
            `There is no table "${name}", though table "${tables.migrations}" says that it was made. Was it dropped, or left out ` +
              'of a restore?',
            'Restore it; or make it anew as in eventxSchemaSql(), if what it held does not matter',
          ),
    );
  }
  return findings;
}

async function missingColumns(
  connection: SqlConnection,
  { dialect, tables, eventsDatabase }: SchemaTarget,
  columns: readonly string[],
): Promise<Finding[]> {
  const present = await dialect.columns(connection, tables.events, eventsDatabase);
  const missing = columns.filter((column) => !present.includes(column));
  if (missing.length === 0) return [];
  return [
    error(
      'missing-column',
      `Table "${tables.events}" lacks the column(s) ${missing.join(', ')}. A table of the Go library, or another table of ` +
        'that name?',
      'Add them as in eventxSchemaSql(), give another name with the option "tables", or bring your own "entity"',
    ),
  ];
}

function missingIndex({ tables, seqColumn }: SchemaTarget): Finding {
  return error(
    'missing-index',
    `Table "${tables.events}" has no unique index on "${seqColumn}" alone. Every read of the log depends on it.`,
    `CREATE UNIQUE INDEX uq_${tables.events}_seq ON ${tables.events} (${seqColumn})`,
  );
}

async function engines(
  connection: SqlConnection,
  { dialect, tables, eventsDatabase }: SchemaTarget,
): Promise<Finding[]> {
  const found = [
    ...(await dialect.nonTransactional(connection, Object.values(tables))),
    ...(eventsDatabase === null
      ? []
      : await dialect.nonTransactional(connection, [tables.events], eventsDatabase)),
  ];
  return found.map(({ table, engine }) =>
    error(
      'table-engine',
      `Table "${table}" has the engine ${engine}, which takes no part in transactions: what is rolled back stays in it (G1).`,
      `ALTER TABLE ${table} ENGINE = InnoDB`,
    ),
  );
}

function error(check: DoctorCheck, message: string, fix: string): Finding {
  return { check, severity: 'error', message, fix };
}
