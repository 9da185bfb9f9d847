import type { SqlConnection, Statement } from '../connections/sql-connection.js';
import type { TableNames } from '../tables.js';

export type { Statement } from '../connections/sql-connection.js';

/** What `Dialect.number` is to do, all or nothing. */
export interface Numbering {
  /** Moves the state row; changes one row if the log still stands where it stood. */
  readonly advance: Statement;
  /** Number the events; together they change `count` rows if all are still there and unnumbered. */
  readonly updates: readonly Statement[];
  readonly count: number;
}

/** What databases do differently. Everything else is written once, in SQL that all of them take. */
export interface Dialect {
  readonly name: 'mariadb' | 'mysql' | 'sqlite';
  /** `INSERT` that leaves an existing row as it is. */
  readonly insertIgnore: string;
  /**
   * Put behind an INSERT into a table with a column `log`: leaves an existing row as it is and, unlike `insertIgnore`, never cuts a
   * value that does not fit.
   */
  readonly orKeep: string;
  /** Put behind a table to make it use an index. */
  forceIndex(index: string): string;
  /** Makes "the unnumbered rows" come in order of id, where the index does not do so by itself at no cost. */
  pendingOrder(id: string): string;
  /** Column expression: a timestamp in ms since 1970, whatever the time zones of session and driver. */
  epochMs(column: string): string;
  /** Value expression: the database's clock in ms since 1970. */
  readonly nowMs: string;
  /** Put behind a SELECT to lock its rows until the end of the transaction. */
  readonly forUpdate: string;
  readonly forShare: string;
  /**
   * Makes the server end this session should it fall silent for so many seconds, until `allowSilence`. For transactions that lock what
   * all processes need: a process that is frozen, or cut off from the network, would otherwise hold it until the server finds out,
   * hours later.
   */
  limitSilence(connection: SqlConnection, seconds: number): Promise<void>;
  /** Puts the session back to what it was. */
  allowSilence(connection: SqlConnection): Promise<void>;
  /** @returns whether everything was done; else nothing was */
  number(connection: SqlConnection, numbering: Numbering): Promise<boolean>;
  /**
   * Deletes the rows with the smallest values of an indexed column, below `before`.
   * @param table as in `LogTables.sql`
   * @returns how many
   */
  deleteSmallest(
    connection: SqlConnection,
    table: string,
    column: string,
    before: number,
    limit: number,
  ): Promise<number>;
  /** The tables of schema version 1: the log. */
  createLogTables(tables: TableNames, withEvents: boolean): readonly string[];
  /** The tables of schema version 2: its consumers. */
  createConsumerTables(tables: TableNames): readonly string[];
  /** The changes of schema version 3: owners with names that people can read, and since when a consumer fails or hangs. */
  addConsumerStatus(tables: TableNames): readonly string[];
  /** The table of schema version 4: the processes. */
  createProcessTable(tables: TableNames): readonly string[];
  /** Value expression: a new random identity. */
  readonly newEpoch: string;
  /** Runs `work` while no other process does the same. */
  exclusively<T>(connection: SqlConnection, name: string, work: () => Promise<T>): Promise<T>;
  /** The database that statements are for unless they name another; null where they cannot. */
  database(connection: SqlConnection): Promise<string | null>;
  /** What the server calls its version. */
  version(connection: SqlConnection): Promise<string>;
  /**
   * Columns of a table; empty when there is no such table.
   * @param database where it is. @default that of the connection
   */
  columns(
    connection: SqlConnection,
    table: string,
    database?: string | null,
  ): Promise<readonly string[]>;
  /** Name of the unique index on exactly this column, if there is one. */
  uniqueIndex(
    connection: SqlConnection,
    table: string,
    column: string,
    database?: string | null,
  ): Promise<string | null>;
  /** Those of these tables that take no part in transactions, each with its engine. */
  nonTransactional(
    connection: SqlConnection,
    tables: readonly string[],
    database?: string | null,
  ): Promise<readonly { readonly table: string; readonly engine: string }[]>;
  /** How the database would run a SELECT of one table. */
  plan(connection: SqlConnection, select: Statement): Promise<QueryPlan>;
  /** What makes this server unfit for a log. */
  unsafeSettings(connection: SqlConnection): Promise<readonly ServerFinding<UnsafeSetting>[]>;
  /**
   * Whether reads are answered by another server than the one that takes writes.
   * @param connection one of the log's own, which is how the log reads
   */
  splitReads(connection: SqlConnection): Promise<readonly ServerFinding<UnsafeSetting>[]>;
  /**
   * The transactions of the whole server that have been open for longer than that, oldest first. Needs the privilege PROCESS; none where
   * open transactions make nobody slower.
   */
  openTransactions(
    connection: SqlConnection,
    openForMs: number,
  ): Promise<readonly OpenTransaction[]>;
  /** What can take back commits that were acknowledged, when the machine or the server crashes. */
  durabilityRisks(connection: SqlConnection): Promise<readonly ServerFinding<DurabilityRisk>[]>;
}

/** A transaction that somebody has open. */
export interface OpenTransaction {
  /** What KILL takes. */
  readonly session: number;
  /** Quoted user and host with port; null where it is not known. */
  readonly account: string | null;
  readonly since: Date;
  readonly seconds: number;
  readonly rowsModified: number;
}

/** How a SELECT finds its rows. */
export interface QueryPlan {
  /** The index it uses; null for none. */
  readonly index: string | null;
  /** Whether it goes straight to the rows, and sorts none. */
  readonly seeks: boolean;
  /** For people. */
  readonly text: string;
}

/** A property of the server that endangers a guarantee. */
export interface ServerFinding<Name extends string> {
  /** Stable. */
  readonly name: Name;
  /** What it means. */
  readonly message: string;
  /** What to do, without a full stop. */
  readonly fix: string;
}

/** A list of one finding, or of none. */
export function findingIf<Name extends string>(
  found: boolean,
  name: Name,
  message: string,
  fix: string,
): ServerFinding<Name>[] {
  return found ? [{ name, message, fix }] : [];
}

/** What can be allowed by name, at the application's own risk. */
export const UNSAFE_SETTINGS = [
  'read-only',
  'galera',
  'group-replication',
  'auto-increment-increment',
  'read-uncommitted',
  'autocommit-off',
  'no-backslash-escapes',
  'oracle-mode',
  'character-set',
  'old-version',
  'binlog-format',
  'split-reads',
] as const;
export type UnsafeSetting = (typeof UNSAFE_SETTINGS)[number];

/** Settings that make a log less durable than it could be; never a reason not to start. */
export type DurabilityRisk = 'flush-log' | 'sync-binlog' | 'journal-mode';
