import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';

import type { EncodedEvent } from '../../core/envelope.js';
import { EventxClosedError, EventxPublishError, NoTransactionError } from '../../core/errors.js';
import { endsTransaction } from '../transaction-ending-errors.js';
import type { EventWriter } from './event-writer.js';
import { type Collected, TransactionFrames } from './transaction-frames.js';

/** The part of TypeORM's transaction and insert events that is used here. */
interface ConnectionEvent {
  readonly queryRunner: QueryRunner;
}

interface QueryOutcome extends ConnectionEvent {
  readonly success: boolean;
  readonly error?: unknown;
}

/**
 * The producers' side. Events of a transaction wait here until it commits and are then written last, in one statement: an event
 * written early could get its id, and so its place, before a row lock that its transaction still has to wait for.
 * After the commit, and only then, the runner is signalled.
 *
 * It hears of transactions as a TypeORM subscriber of the data source, so every way to run one is covered.
 */
export class Outbox implements EntitySubscriberInterface {
  private readonly frames = new TransactionFrames<QueryRunner, EncodedEvent>();
  /** Transactions whose events are being written, or were: the last of the writes, which follow each other. */
  private readonly flushes = new WeakMap<QueryRunner, Promise<void>>();
  private readonly rollingBack = new WeakSet<QueryRunner>();
  private readonly publishers = new WeakSet<QueryRunner>();
  /** Transactions that the server has ended by itself, and by which error. */
  private readonly rolledBack = new WeakMap<QueryRunner, unknown>();
  /** How many published and are not over. One whose connection was lost may be counted for ever, which harms nobody. */
  private openTransactions = 0;
  private closed = false;

  /**
   * @param writer null when the application's own entity is the only way to write events
   * @param entity the class of the events, for those saved as entities
   * @param signal must not throw
   */
  constructor(
    private readonly dataSource: DataSource,
    private readonly writer: EventWriter | null,
    private readonly entity: new () => unknown,
    private readonly signal: () => void,
  ) {}

  attach(): void {
    this.dataSource.subscribers.push(this);
  }

  /** Takes no more events, but stays attached for transactions that have events waiting: they must not commit without them. */
  close(): void {
    this.closed = true;
    this.detachIfUnused();
  }

  private detachIfUnused(): void {
    if (!this.closed || this.openTransactions > 0) return;
    const index = this.dataSource.subscribers.indexOf(this);
    if (index >= 0) this.dataSource.subscribers.splice(index, 1);
  }

  /**
   * Adds events to the open transaction of `manager`.
   * @throws NoTransactionError, EventxPublishError
   */
  async add(manager: EntityManager, events: readonly EncodedEvent[]): Promise<void> {
    if (this.closed) throw new EventxClosedError();
    const connection = this.openTransaction(manager);
    if (!this.writer) {
      throw new EventxPublishError(
        `This log keeps its events in the application's own entity ${this.entity.name}, which does not have the columns ` +
          `that publish fills. Save events as entities: manager.save(${this.entity.name}, …).`,
      );
    }
    this.assertNotRolledBack(connection);
    const frame = this.frames.current(connection);
    if (!this.publishers.has(connection)) {
      this.publishers.add(connection);
      this.openTransactions++;
    }
    frame.wake = true;
    // The events of this transaction are written already: a subscriber of the application publishes while it commits.
    if (this.flushes.has(connection)) await this.write(this.writer, connection, events);
    else for (const event of events) frame.items.push(event);
  }

  // --- TypeORM calls the rest -------------------------------------------------------------------------------------------

  listenTo(): new () => unknown {
    return this.entity;
  }

  afterInsert({ queryRunner }: ConnectionEvent): void {
    if (queryRunner.isTransactionActive) this.frames.current(queryRunner).wake = true;
    else this.signal();
  }

  /** Remembers an error by which the server has ended the transaction, though TypeORM, and maybe the application, goes on. */
  afterQuery({ queryRunner, success, error }: QueryOutcome): void {
    if (!success && queryRunner.isTransactionActive && endsTransaction(error)) {
      this.rolledBack.set(queryRunner, error);
    }
  }

  afterTransactionStart({ queryRunner }: ConnectionEvent): void {
    this.frames.begin(queryRunner);
  }

  beforeTransactionCommit({ queryRunner }: ConnectionEvent): Promise<void> | undefined {
    const transaction = this.frames.outermost(queryRunner);
    if (!transaction) return undefined;
    if (transaction.wake) this.assertNotRolledBack(queryRunner);
    if (!this.writer) return undefined;
    // Once only. If it failed, every further try to commit must fail too: the transaction would commit without its events.
    const earlier = this.flushes.get(queryRunner);
    return earlier ?? this.write(this.writer, queryRunner, transaction.items);
  }

  beforeTransactionRollback({ queryRunner }: ConnectionEvent): Promise<void> | undefined {
    if (this.frames.outermost(queryRunner)) this.rollingBack.add(queryRunner);
    // What is sent after the ROLLBACK is outside of the transaction, and stays.
    return this.written(queryRunner);
  }

  afterTransactionCommit({ queryRunner }: ConnectionEvent): void {
    // Also called for a savepoint that was released; the transaction around it is still open then.
    if (queryRunner.isTransactionActive) return this.frames.release(queryRunner);
    if (this.end(queryRunner)?.wake) this.signal();
  }

  afterTransactionRollback({ queryRunner }: ConnectionEvent): void {
    if (queryRunner.isTransactionActive) return this.frames.rollback(queryRunner);
    this.end(queryRunner);
  }

  /** Writes behind what is being written already. */
  private write(
    writer: EventWriter,
    connection: QueryRunner,
    events: readonly EncodedEvent[],
  ): Promise<void> {
    const earlier = this.flushes.get(connection) ?? Promise.resolve();
    const writing = earlier.then(() => writer.write(connection, events));
    this.flushes.set(connection, writing);
    // TypeORM forgets the promise when another subscriber throws; a rejection that nobody handles would end the process.
    writing.catch(() => undefined);
    return writing;
  }

  /** Resolves when nothing is being written any more. */
  private written(connection: QueryRunner): Promise<void> | undefined {
    return this.flushes.get(connection)?.catch(() => undefined);
  }

  private end(connection: QueryRunner): Collected<EncodedEvent> | undefined {
    this.flushes.delete(connection);
    this.rollingBack.delete(connection);
    this.rolledBack.delete(connection);
    if (this.publishers.delete(connection)) this.openTransactions--;
    this.detachIfUnused();
    return this.frames.end(connection);
  }

  /** Else the events would be committed by themselves, without the rows that belong to them. */
  private assertNotRolledBack(connection: QueryRunner): void {
    if (!this.rolledBack.has(connection)) return;
    throw new EventxPublishError(
      'The database has rolled this transaction back by itself (a deadlock), but the application went on as if nothing had ' +
        'happened. Nothing of it is committed, events included: let the error of the query end the transaction, and try it again.',
      { cause: this.rolledBack.get(connection) },
    );
  }

  private openTransaction(manager: EntityManager): QueryRunner {
    const connection = manager.queryRunner;
    if (!connection?.isTransactionActive || this.rollingBack.has(connection)) {
      throw new NoTransactionError(
        'publish needs a manager with an open transaction: the event must commit together with your rows. ' +
          'Use dataSource.transaction(async (manager) => { …; await eventx.publish(manager, event); }).',
      );
    }
    if (dataSourceOf(connection) !== this.dataSource) {
      throw new NoTransactionError(
        'publish was given a manager of another data source than the one this log is in: they cannot commit together. ' +
          'Use a transaction of the data source that EventxModule was given with the option "dataSource".',
      );
    }
    return connection;
  }
}

/** TypeORM 1 calls it `dataSource`, 0.3 `connection`. */
function dataSourceOf(runner: {
  dataSource?: DataSource;
  connection?: DataSource;
}): DataSource | undefined {
  return runner.dataSource ?? runner.connection;
}
