/** What we use of TypeORM's better-sqlite3 driver; it exports none of it, and 0.3 and 1.x agree on it. */

export interface SqliteStatement {
  /** Whether it returns rows: then TypeORM calls `all`, else `run`. */
  readonly reader: boolean;
  all(...parameters: unknown[]): unknown;
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
}

/** A connection of better-sqlite3, or of libsql, which has the same interface. */
export interface SqliteConnection {
  readonly open: boolean;
  /** Use `isInTransaction`. */
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  close(): void;
}

export interface SqliteDriver {
  readonly options: {
    readonly type: string;
    readonly database: string;
    readonly readonly?: boolean;
    readonly timeout?: number;
  };
  /** Missing until the data source is initialized. */
  readonly databaseConnection?: SqliteConnection;
  /** The query runner that TypeORM shares among all users of a data source. */
  queryRunner?: SqliteQueryRunner;
  createQueryRunner(mode: string): SqliteQueryRunner;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface SqliteQueryRunner {
  readonly driver: SqliteDriver;
  isReleased: boolean;
  isTransactionActive: boolean;
  /** 0 outside of a transaction, 1 inside, 2 and more inside of savepoints. */
  transactionDepth: number;
  connect(): Promise<unknown>;
  query(sql: string, parameters?: unknown[], useStructuredResult?: boolean): Promise<unknown>;
  /** Private in TypeORM; `query` gets its prepared statements from it. */
  getStmt(sql: string): Promise<SqliteStatement>;
  startTransaction(isolationLevel?: string): Promise<void>;
  commitTransaction(): Promise<void>;
  rollbackTransaction(): Promise<void>;
  release(): Promise<void>;
  beforeMigration(): Promise<void>;
  afterMigration(): Promise<void>;
}

export type SqliteQueryRunnerClass = new (driver: SqliteDriver) => SqliteQueryRunner;

/** libsql aborts the process when asked for the transaction of a closed connection. */
export function isInTransaction(connection: SqliteConnection | undefined): boolean {
  return connection !== undefined && connection.open && connection.inTransaction;
}
