import type { DataSource } from 'typeorm';

import { type OwnConnection, tell } from '../../connections/own-connection.js';
import type { Row } from '../../connections/sql-connection.js';

/** What we use of a connection of better-sqlite3, or of libsql, which has the same interface. */
export interface RawSqliteConnection {
  readonly open: boolean;
  prepare(sql: string): { all(...parameters: readonly unknown[]): unknown };
  exec(sql: string): unknown;
  close(): void;
}

/** Longest wait for the file, in ms. SQLite waits inside of the call, and the whole process with it. */
const BUSY_MS = 100;
/** How long reads may follow each other before the event loop gets a chance, in ms: each of them is synchronous. */
const BREATHE_EVERY_MS = 10;

/** A connection of the log's own to the file of an embedded database. It only reads, and in WAL mode waits for no writer. */
export class SqliteReader implements OwnConnection {
  private readonly statements = new Map<string, ReturnType<RawSqliteConnection['prepare']>>();
  private breathedAt = performance.now();

  private constructor(
    private readonly dataSource: DataSource,
    private readonly raw: RawSqliteConnection,
  ) {}

  /** @returns null where readers would wait for writers, or keep them out: the file has no write-ahead log */
  static open(dataSource: DataSource, raw: RawSqliteConnection): SqliteReader | null {
    raw.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    raw.exec('PRAGMA query_only = ON');
    const [journal] = raw.prepare('PRAGMA journal_mode').all() as { journal_mode?: unknown }[];
    if (String(journal?.journal_mode).toLowerCase() === 'wal')
      return new SqliteReader(dataSource, raw);
    raw.close();
    return null;
  }

  get isOpen(): boolean {
    return this.raw.open;
  }

  async rows(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    await this.breathe();
    let statement = this.statements.get(sql);
    if (!statement) this.statements.set(sql, (statement = this.raw.prepare(sql)));
    const rows = statement.all(...parameters) as Row[];
    tell(this.dataSource, sql, () => rows.length);
    return rows;
  }

  change(): Promise<number> {
    return Promise.reject(new Error('A reader of the embedded database does not write.'));
  }

  transaction<T>(): Promise<T> {
    return Promise.reject(new Error('A reader of the embedded database does not write.'));
  }

  end(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  destroy(): void {
    this.statements.clear();
    if (this.raw.open) this.raw.close();
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.breathedAt < BREATHE_EVERY_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.breathedAt = performance.now();
  }
}
