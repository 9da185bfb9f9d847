import { refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError, EventxSchemaError } from '../errors.js';

/** Names of the tables; each must be a plain identifier. */
export interface TableOptions {
  /** Put before the name of each table, but that of the log where it is given. @default '' */
  readonly prefix?: string;
  /** The log itself. @default 'eventx_events' */
  readonly events?: string;
}

/** How the tables are called unless the application says otherwise. */
export const DEFAULT_TABLES = {
  /** The log itself. */
  events: 'eventx_events',
  /** One row per log: how far it is numbered. */
  state: 'eventx_state',
  /** One row per consumer: its place in the log. */
  offsets: 'eventx_offsets',
  /** Events that consumers with lanes are done with ahead of their offset. */
  done: 'eventx_done',
  /** Events that consumers could not handle. */
  deadLetters: 'eventx_dead_letters',
  /** The processes that run the log. */
  processes: 'eventx_processes',
  /** Which versions of the schema were applied. */
  migrations: 'eventx_migrations',
} as const;

export type TableNames = Readonly<Record<keyof typeof DEFAULT_TABLES, string>>;

/** What every database takes without surprises, short enough to leave room for the names of indexes. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,53}$/;

/** @throws EventxOptionsError when a name is not a plain identifier, or two are the same */
export function resolveTables(options: TableOptions = {}): TableNames {
  refuseUnknownOptions('Option "tables"', options, ['prefix', 'events']);
  const { prefix = '' } = options;
  if (typeof prefix !== 'string') {
    throw new EventxOptionsError(`Option "tables.prefix" must be a string, not ${typeof prefix}.`);
  }
  const { events = `${prefix}${DEFAULT_TABLES.events}` } = options;
  assertPlain('prefix', `${prefix}_`);
  assertPlain('events', events);
  const prefixed = Object.entries(DEFAULT_TABLES).map(([what, name]) => [what, prefix + name]);
  const names = { ...(Object.fromEntries(prefixed) as TableNames), events };
  for (const name of Object.values(names)) assertPlain('prefix', name);
  const distinct = new Set(Object.values(names).map((name) => name.toLowerCase()));
  if (distinct.size < Object.keys(names).length) {
    throw new EventxOptionsError(
      `Option "tables": two tables have the same name (${Object.values(names).join(', ')}).`,
    );
  }
  return names;
}

function assertPlain(option: keyof TableOptions, name: unknown): void {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return;
  throw new EventxOptionsError(
    `Option "tables.${option}" makes ${JSON.stringify(name)}, which is not a plain table name: letters, digits and underscores, ` +
      `no digit first, 54 characters at most.`,
  );
}

/** The tables of one log, where they are. */
export interface LogTables {
  /** The name of the log: under it the tables that several logs share keep what is its. */
  readonly log: string;
  /** For people, and for making them. */
  readonly tables: TableNames;
  /** For statements: quoted, with the database, so that no `USE` and no pool can lead to others of the same name. */
  readonly sql: TableNames;
  /** The database that the events are in, where that is not the one of the others. */
  readonly eventsDatabase: string | null;
}

/** What the column `log` holds. */
const LONGEST_LOG_NAME = 64;

/**
 * @param database the one of the data source; null where statements need none
 * @param eventsDatabase the one of the application's own entity, where it names one
 * @throws EventxSchemaError
 */
export function logTables(
  tables: TableNames,
  database: string | null = null,
  eventsDatabase: string | null = null,
): LogTables {
  const elsewhere = eventsDatabase === database ? null : eventsDatabase;
  const log = elsewhere === null ? tables.events : `${elsewhere}.${tables.events}`;
  if (log.length > LONGEST_LOG_NAME) {
    throw new EventxSchemaError(
      `The log is called "${log}" after its table, which is longer than ${LONGEST_LOG_NAME} characters. Give the table a shorter name.`,
    );
  }
  const path = (name: string, owner: string | null) =>
    owner === null ? quote(name) : `${quote(owner)}.${quote(name)}`;
  const sql = Object.fromEntries(
    Object.entries(tables).map(([what, name]) => [
      what,
      path(name, what === 'events' ? (elsewhere ?? database) : database),
    ]),
  ) as TableNames;
  return { log, tables, sql, eventsDatabase: elsewhere };
}

/** An identifier in SQL. MySQL, MariaDB and SQLite all take backticks. */
export function quote(identifier: string): string {
  return '`' + identifier.replaceAll('`', '``') + '`';
}
