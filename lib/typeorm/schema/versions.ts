import type { Dialect } from '../dialects/index.js';
import { type LogTables, quote } from '../tables.js';

/** Which log's schema it is about. */
export interface SchemaTarget extends LogTables {
  readonly dialect: Dialect;
  /** False where the application's own entity, and its own migrations, make the events table. */
  readonly withEvents: boolean;
  /** The column that holds the sequence numbers. */
  readonly seqColumn: string;
}

/** One step of the schema. Its statements may run twice: a crash can come between them and the note that they ran. */
export interface SchemaVersion {
  readonly version: number;
  readonly name: string;
  /** For TypeORM's own list of migrations, which sorts by it. Never changes. */
  readonly timestamp: number;
  readonly up: (target: SchemaTarget) => readonly string[];
}

/** Oldest first; a version that was released is never edited. */
export const SCHEMA_VERSIONS: readonly SchemaVersion[] = [
  {
    version: 1,
    name: 'EventxLog',
    timestamp: 1_790_000_000_001,
    up: ({ dialect, tables, log, sql, withEvents, seqColumn }) => [
      ...dialect.createLogTables(tables, withEvents),
      // A table of the Go library, or of an own entity, may hold numbered events already.
      `${dialect.insertIgnore} INTO ${sql.state} (\`name\`, \`last_seq\`, \`epoch\`) ` +
        `SELECT '${log}', COALESCE(MAX(${quote(seqColumn)}), 0), ${dialect.newEpoch} FROM ${sql.events}`,
    ],
  },
  {
    version: 2,
    name: 'EventxConsumers',
    timestamp: 1_790_000_000_002,
    up: ({ dialect, tables }) => dialect.createConsumerTables(tables),
  },
  {
    version: 3,
    name: 'EventxConsumerStatus',
    timestamp: 1_790_000_000_003,
    up: ({ dialect, tables }) => dialect.addConsumerStatus(tables),
  },
  {
    version: 4,
    name: 'EventxProcesses',
    timestamp: 1_790_000_000_004,
    up: ({ dialect, tables }) => dialect.createProcessTable(tables),
  },
];

/** The table that remembers which versions were applied. */
function createMigrationsTable({ sql }: LogTables): string {
  return `CREATE TABLE IF NOT EXISTS ${sql.migrations} (
  \`log\` VARCHAR(64) NOT NULL,
  \`version\` INTEGER NOT NULL,
  \`name\` VARCHAR(191) NOT NULL,
  \`applied_at\` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (\`log\`, \`version\`)
)`;
}

/** Every statement of one version, the note that it was applied included. */
export function versionStatements(
  { version, name, up }: SchemaVersion,
  target: SchemaTarget,
): readonly string[] {
  const { dialect, log, sql } = target;
  return [
    createMigrationsTable(target),
    ...up(target),
    `${dialect.insertIgnore} INTO ${sql.migrations} (\`log\`, \`version\`, \`name\`) ` +
      `VALUES ('${log}', ${version}, '${name}')`,
  ];
}
