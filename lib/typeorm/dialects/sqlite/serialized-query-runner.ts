import { aroundAwaiter } from './around-awaiter.js';
import { busyTimeoutMs, setBusyTimeout, waitForOtherProcesses } from './busy.js';
import { EmbeddedTransactionError } from './embedded-transaction.error.js';
import { guardStatement, waitsForWriters } from './guarded-statement.js';
import { onRead } from './on-read.js';
import type { Turn, TurnOwner, Turns } from './turns.js';
import {
  isInTransaction,
  type SqliteDriver,
  type SqliteQueryRunner,
  type SqliteQueryRunnerClass,
  type SqliteStatement,
} from './typeorm-internals.js';

export type SerializedQueryRunnerClass = new (
  driver: SqliteDriver,
  turns: Turns,
  waitLimitMs: number,
) => SqliteQueryRunner;

/** The statements of TypeORM that open and end a transaction. */
const BEGIN = 'BEGIN TRANSACTION';
const COMMIT = 'COMMIT';
/**
 * A transaction that reads first and writes later fails at once, whatever the busy timeout, if another process wrote
 * in between. This one takes the right to write when it begins, where it can wait for it.
 */
const BEGIN_IMMEDIATE = 'BEGIN IMMEDIATE TRANSACTION';

/**
 * Derives a query runner with a transaction state of its own from TypeORM's, which is shared: every use of the
 * connection waits for its turn.
 *
 * @param Base TypeORM's BetterSqlite3QueryRunner. It is handed in because its path is no public export.
 */
export function serializedQueryRunnerClass(
  Base: SqliteQueryRunnerClass,
): SerializedQueryRunnerClass {
  return class SerializedQueryRunner extends Base implements TurnOwner {
    /** Whether the running code has just awaited `connect()`. */
    private justConnected = false;

    constructor(
      driver: SqliteDriver,
      private readonly turns: Turns,
      private readonly waitLimitMs: number,
    ) {
      super(driver);
      // Code that works with one of these while the transaction is open is inside of it: a transaction callback gets the
      // manager, a repository asks the manager for its query runner, a subscriber is called through the broadcaster.
      const touched = () => turns.mark(this);
      onRead(this, 'broadcaster', touched);
      onRead(this, 'manager', touched, (manager) =>
        onRead(manager as object, 'queryRunner', touched),
      );
    }

    get hasOpenTransaction(): boolean {
      return isInTransaction(this.driver.databaseConnection);
    }

    override query(
      sql: string,
      parameters?: unknown[],
      useStructuredResult?: boolean,
    ): Promise<unknown> {
      this.turns.mark(this);
      if (this.isTransactionLost) {
        // What a rollback asks for has happened.
        return sql.startsWith('ROLLBACK')
          ? Promise.resolve()
          : Promise.reject(EmbeddedTransactionError.alreadyRolledBack());
      }
      return this.inTurn(() =>
        sql === COMMIT ? this.commit() : this.execute(sql, parameters, useStructuredResult),
      );
    }

    override connect(): Promise<unknown> {
      const connected = super.connect();
      // TypeORM calls this too, for every statement.
      if (this.turns.isHeldBy(this)) return connected;
      return aroundAwaiter(
        connected,
        () => (this.justConnected = true),
        () => (this.justConnected = false),
      );
    }

    override async getStmt(sql: string): Promise<SqliteStatement> {
      const statement = await super.getStmt(sql);
      const connection = this.driver.databaseConnection;
      if (!connection || this.driver.options.readonly) return statement;
      return guardStatement(statement, sql, connection, () => {
        if (this.turns.isTooLateFor(this)) throw EmbeddedTransactionError.tooLate();
      });
    }

    override startTransaction(isolationLevel?: string): Promise<void> {
      this.turns.mark(this);
      const turn = this.turns.newTurn(this.justConnected);
      return this.turns.watchStart(this, this.begin(turn, isolationLevel));
    }

    override async rollbackTransaction(): Promise<void> {
      const outermost = this.transactionDepth === 1;
      try {
        await super.rollbackTransaction();
      } catch (error) {
        if (outermost) this.rollBackNow();
        throw error;
      }
    }

    /** An open transaction is rolled back. TypeORM's SQLite runners can be used on after this; ours, like a server's, not. */
    override async release(): Promise<void> {
      this.abandon();
      this.isReleased = true;
      await super.release();
    }

    // These two talk to the connection directly, past `query`; inside of a transaction SQLite ignores what they set.

    override beforeMigration(): Promise<void> {
      return this.inTurn(() => super.beforeMigration());
    }

    override afterMigration(): Promise<void> {
      return this.inTurn(() => super.afterMigration());
    }

    /** Whether TypeORM believes to be in a transaction that has ended: SQLite rolls back by itself on some errors. */
    private get isTransactionLost(): boolean {
      return this.transactionDepth > 0 && !this.ownsOpenTransaction;
    }

    private get ownsOpenTransaction(): boolean {
      return this.turns.isHeldBy(this) && this.hasOpenTransaction;
    }

    private inTurn<T>(work: () => Promise<T>): Promise<T> {
      return this.turns.use(this, this.waitLimitMs, work);
    }

    private async begin(turn: Turn, isolationLevel?: string): Promise<void> {
      if (this.isTransactionLost) this.abandon();
      if (this.transactionDepth > 0) return super.startTransaction(isolationLevel);
      const start = async () => {
        try {
          await super.startTransaction(isolationLevel);
        } catch (error) {
          this.abandon();
          throw error;
        }
      };
      await this.turns.useNew(this, this.waitLimitMs, start, turn);
    }

    /**
     * A COMMIT that failed leaves SQLite's transaction open; we end it, as a server does. Only then: while subscribers still act
     * before the COMMIT, a statement of theirs under way would run after the end, outside of the transaction.
     */
    private async commit(): Promise<unknown> {
      try {
        return await super.query(COMMIT);
      } catch (error) {
        this.rollBackNow();
        throw error;
      }
    }

    private async execute(
      sql: string,
      parameters?: unknown[],
      useStructuredResult?: boolean,
    ): Promise<unknown> {
      const connection = this.driver.databaseConnection;
      if (
        !connection ||
        this.hasOpenTransaction ||
        this.driver.options.readonly ||
        !waitsForWriters(sql)
      ) {
        return super.query(sql, parameters, useStructuredResult);
      }
      const timeoutMs = busyTimeoutMs(this.driver);
      const free = await waitForOtherProcesses(connection, timeoutMs);
      try {
        // If they did not finish, SQLite shall say so at once.
        if (!free) setBusyTimeout(connection, 0);
        return await super.query(
          sql === BEGIN ? BEGIN_IMMEDIATE : sql,
          parameters,
          useStructuredResult,
        );
      } finally {
        if (!free) setBusyTimeout(connection, timeoutMs);
      }
    }

    /** Ends the transaction, if there is one, and TypeORM's idea of it. */
    private abandon(): void {
      this.rollBackNow();
      this.isTransactionActive = false;
      this.transactionDepth = 0;
    }

    /** Not by way of `query`: a logger or a subscriber that throws must not keep the connection from the others. */
    private rollBackNow(): void {
      if (!this.ownsOpenTransaction) return;
      this.driver.databaseConnection?.exec('ROLLBACK');
      this.turns.settle();
    }
  };
}
