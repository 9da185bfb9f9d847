import type { MigrationInterface, QueryRunner } from 'typeorm';

import { type Dialect, dialectNamed, dialectOf } from '../dialects/index.js';
import { QueryRunnerConnection } from '../connections/query-runner-connection.js';
import { logTables, resolveTables, type TableOptions } from '../tables.js';
import { apply } from './migrate.js';
import {
  SCHEMA_VERSIONS,
  type SchemaTarget,
  type SchemaVersion,
  versionStatements,
} from './versions.js';

export interface SchemaOptions {
  /** As given to the module. */
  readonly tables?: TableOptions;
  /** False for a log in an entity of the application's own, which makes its table itself. @default true */
  readonly withEvents?: boolean;
  /** The column of that entity that holds the sequence numbers. @default 'seq' */
  readonly seqColumn?: string;
}

/**
 * The schema as migrations for the application's own list (`migrations: [...eventxMigrations()]`), for applications that set
 * `migrate: false`. They may also have been applied by the module before, and the other way round.
 * @throws EventxOptionsError
 */
export function eventxMigrations(options: SchemaOptions = {}): (new () => MigrationInterface)[] {
  const target = resolveSchema(options);
  return SCHEMA_VERSIONS.map((version) => migrationClass(version, target));
}

/**
 * The whole schema as SQL, for those who run migrations by other means.
 * @throws EventxOptionsError
 */
export function eventxSchemaSql(database: Dialect['name'], options: SchemaOptions = {}): string {
  const target = { ...resolveSchema(options), dialect: dialectNamed(database) };
  const statements = SCHEMA_VERSIONS.flatMap((version) => versionStatements(version, target));
  return [...new Set(statements)].map((statement) => `${statement};\n`).join('\n');
}

type Schema = Omit<SchemaTarget, 'dialect'>;

function resolveSchema({ tables, withEvents = true, seqColumn = 'seq' }: SchemaOptions): Schema {
  return { ...logTables(resolveTables(tables)), withEvents, seqColumn };
}

function migrationClass(version: SchemaVersion, schema: Schema): new () => MigrationInterface {
  return class implements MigrationInterface {
    // The log's table is part of the name: two logs in one database are two migrations.
    readonly name = `${version.name}_${schema.tables.events}_${version.timestamp}`;

    async up(runner: QueryRunner): Promise<void> {
      const connection = new QueryRunnerConnection(runner);
      const dialect = await dialectOf(runner.manager.connection, connection);
      await apply(connection, version, { ...schema, dialect });
    }

    /** Forgets that the version was applied, but never deletes an event or a number: `up` finds them again. */
    async down(runner: QueryRunner): Promise<void> {
      await runner.query(
        `DELETE FROM ${schema.sql.migrations} WHERE \`log\` = ? AND \`version\` = ?`,
        [schema.log, version.version],
      );
    }
  };
}
