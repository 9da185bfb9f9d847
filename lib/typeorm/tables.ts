import { refuseUnknownOptions } from '../core/checks.js';
import { EventxOptionsError } from '../core/errors.js';

/** Names of the tables; each must be a plain identifier. */
export interface TableOptions {
  /** Put before each name that is not given here. @default '' */
  readonly prefix?: string;
  /** The log itself. @default 'events' */
  readonly events?: string;
  /** One row per log: how far it is numbered. @default 'eventx_state' */
  readonly state?: string;
  /** One row per consumer: its place in the log. @default 'eventx_offsets' */
  readonly offsets?: string;
  /** Events that consumers with lanes are done with ahead of their offset. @default 'eventx_done' */
  readonly done?: string;
  /** Events that consumers could not handle. @default 'eventx_dead_letters' */
  readonly deadLetters?: string;
  /** Which versions of the schema were applied. @default 'eventx_migrations' */
  readonly migrations?: string;
}

const DEFAULTS = {
  events: 'events',
  state: 'eventx_state',
  offsets: 'eventx_offsets',
  done: 'eventx_done',
  deadLetters: 'eventx_dead_letters',
  migrations: 'eventx_migrations',
} as const satisfies Record<Exclude<keyof TableOptions, 'prefix'>, string>;

export type TableNames = Readonly<Record<keyof typeof DEFAULTS, string>>;

/** What both databases take without surprises, short enough to leave room for the names of indexes. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,53}$/;

/** @throws EventxOptionsError when a name is not a plain identifier, or two are the same */
export function resolveTables(options: TableOptions = {}): TableNames {
  refuseUnknownOptions('Option "tables"', options, ['prefix', ...Object.keys(DEFAULTS)]);
  const { prefix = '', ...given } = options;
  if (typeof prefix !== 'string') {
    throw new EventxOptionsError(`Option "tables.prefix" must be a string, not ${typeof prefix}.`);
  }
  const names = Object.fromEntries(
    Object.entries(DEFAULTS).map(([what, name]) => [what, prefix + name]),
  ) as TableNames;
  Object.assign(names, definedOnly(given));
  for (const [what, name] of Object.entries(names)) {
    if (typeof name !== 'string' || !IDENTIFIER.test(name)) {
      throw new EventxOptionsError(
        `Option "tables.${what}" is ${JSON.stringify(name)}, which is not a plain table name: ` +
          `letters, digits and underscores, no digit first, 54 characters at most.`,
      );
    }
  }
  if (
    new Set(Object.values(names).map((name) => name.toLowerCase())).size < Object.keys(names).length
  ) {
    throw new EventxOptionsError(
      `Option "tables": two tables have the same name (${Object.values(names).join(', ')}).`,
    );
  }
  return names;
}

/** Without the properties that are undefined, which would hide a default. */
function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

/** An identifier in SQL. MySQL, MariaDB and SQLite all take backticks. */
export function quote(identifier: string): string {
  return '`' + identifier.replaceAll('`', '``') + '`';
}
