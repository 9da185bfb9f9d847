import type { DataSource, EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';

import type { EncodedEvent } from '../../event/envelope.js';
import { EventxClosedError, EventxPublishError, NoTransactionError } from '../../errors.js';
import { destroyConnection } from '../connections/borrowed.js';
import { endsTransaction } from '../dialects/mysql/transaction-ending-errors.js';
import type { EventWriter } from './event-writer.js';
import { guardEnds } from './guard-ends.js';
import { isStillOpen } from './still-open.js';
import { TransactionFrames } from './transaction-frames.js';

/** The part of TypeORM's transaction and insert events that is used here. */
interface ConnectionEvent {
  readonly queryRunner: QueryRunner;
}

interface QueryOutcome extends ConnectionEvent {
  readonly success: boolean;
  readonly error?: unknown;
}

type Events = readonly EncodedEvent[];

/** The events of one call, in the place that the call has among the others. */
interface Publication {
  /** A promise while they are being validated. */
  events: Events | Promise<Events>;
}

/** What is known of an open transaction. */
interface Transaction {
  readonly frames: TransactionFrames<Publication>;
  /** Whether nothing of it can have escaped us. */
  readonly seenFromStart: boolean;
  publishes: boolean;
  /** The last of the writes, which follow each other; null before the first one. */
  written: Promise<void> | null;
  rollingBack: boolean;
  /** Whether the COMMIT is under way: what came now would be outside of the transaction. */
  sealed: boolean;
  /** The error by which the server has ended it by itself. */
  endedBy: { readonly error: unknown } | null;
}

/**
 * The producers' side. Events of a transaction wait here until it commits and are then written last, in one statement: an event
 * written early could get its id, and so its place, before a row lock that its transaction still has to wait for.
 * After the commit, and only then, the runner is signalled.
 *
 * It hears of transactions as a TypeORM subscriber of the data source, so every way to run one is covered. Before a COMMIT of a
 * transaction that publishes it looks itself whether the events are written: an application may replace the subscribers, and
 * TypeORM does when a data source is initialized again.
 */
export class Outbox implements EntitySubscriberInterface {
  private readonly transactions = new WeakMap<QueryRunner, Transaction>();
  private readonly guarded = new WeakSet<QueryRunner>();
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

  /** May be called again: the data source gets a new list of subscribers whenever it is initialized. */
  attach(): void {
    const { subscribers } = this.dataSource;
    if (!subscribers.includes(this)) subscribers.push(this);
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
   * Adds events to the open transaction of `manager`, in the order of the calls. Where they have yet to be validated, the commit
   * waits for that, and fails if it fails then.
   * @param encode called at once, if there is a transaction
   * @returns what it gave
   * @throws NoTransactionError, EventxPublishError
   */
  async add(manager: EntityManager, encode: () => Events | Promise<Events>): Promise<Events> {
    if (this.closed) throw new EventxClosedError();
    const connection = this.openTransaction(manager);
    const { writer } = this;
    if (!writer) {
      throw new EventxPublishError(
        `This log keeps its events in the application's own entity ${this.entity.name}, which does not have the columns ` +
          `that publish fills. Save events as entities: manager.save(${this.entity.name}, …).`,
      );
    }
    this.attach();
    const transaction = this.transactionOf(connection);
    this.assertNotRolledBack(transaction);
    const events = encode();
    this.guard(connection);
    if (!transaction.publishes) {
      transaction.publishes = true;
      this.openTransactions++;
    }
    const frame = transaction.frames.at(levelOf(connection));
    frame.wake = true;
    const publication: Publication = { events };
    // The events of this transaction are written already: a subscriber of the application publishes while it commits.
    if (transaction.written) await this.write(writer, connection, transaction, [publication]);
    else frame.items.push(publication);
    if (events instanceof Promise) await this.validated(publication, events);
    return events;
  }

  // --- TypeORM calls the rest -------------------------------------------------------------------------------------------

  listenTo(): new () => unknown {
    return this.entity;
  }

  afterInsert({ queryRunner }: ConnectionEvent): void {
    if (!queryRunner.isTransactionActive) return this.signal();
    this.transactionOf(queryRunner).frames.at(levelOf(queryRunner)).wake = true;
  }

  /** Remembers an error by which the server has ended the transaction, though TypeORM, and maybe the application, goes on. */
  afterQuery({ queryRunner, success, error }: QueryOutcome): void {
    if (!success && queryRunner.isTransactionActive && endsTransaction(error)) {
      this.transactionOf(queryRunner).endedBy = { error };
    }
  }

  afterTransactionStart({ queryRunner }: ConnectionEvent): void {
    if (levelOf(queryRunner) > 1) return;
    // What there may be of an earlier one is over: its end has escaped us.
    this.end(queryRunner);
    this.transactions.set(queryRunner, newTransaction(true));
  }

  beforeTransactionCommit({ queryRunner }: ConnectionEvent): Promise<void> | undefined {
    if (levelOf(queryRunner) > 1) return undefined;
    const transaction = this.transactionOf(queryRunner);
    // Also where there is no event yet: a subscriber of the application may publish while others act.
    if (this.writer) this.guard(queryRunner);
    if (transaction.frames.wake) this.assertNotRolledBack(transaction);
    return this.flush(queryRunner, transaction);
  }

  beforeTransactionRollback({ queryRunner }: ConnectionEvent): Promise<void> | undefined {
    const transaction = this.transactions.get(queryRunner);
    if (!transaction) return undefined;
    if (levelOf(queryRunner) === 1) transaction.rollingBack = true;
    // What is sent after the ROLLBACK is outside of the transaction, and stays.
    return transaction.written?.catch(() => undefined);
  }

  afterTransactionCommit({ queryRunner }: ConnectionEvent): void {
    // Also called for a savepoint that was released; the transaction around it is still open then.
    if (queryRunner.isTransactionActive) {
      this.transactions.get(queryRunner)?.frames.release(levelOf(queryRunner));
    } else if (this.end(queryRunner)?.frames.wake) this.signal();
  }

  afterTransactionRollback({ queryRunner }: ConnectionEvent): void {
    if (queryRunner.isTransactionActive) {
      this.transactions.get(queryRunner)?.frames.rollback(levelOf(queryRunner));
    } else this.end(queryRunner);
  }

  // --- The ends of a transaction ------------------------------------------------------------------------------------------

  private guard(connection: QueryRunner): void {
    if (this.guarded.has(connection)) return;
    this.guarded.add(connection);
    guardEnds(connection, {
      commit: () => this.complete(connection),
      release: () => this.abandon(connection),
    });
  }

  /** The last look before a COMMIT: all events are written, or nothing is committed. */
  private async complete(connection: QueryRunner): Promise<void> {
    const transaction = this.transactions.get(connection);
    if (!transaction) return;
    if (transaction.publishes) {
      this.assertNotRolledBack(transaction);
      // To hear how it ends.
      this.attach();
      let last: Promise<void> | undefined;
      do {
        last = this.flush(connection, transaction);
        await last;
        // Unless somebody has published meanwhile.
      } while (last !== transaction.written);
    }
    transaction.sealed = true;
  }

  /**
   * The connection goes back to the pool in the middle of the transaction. Whoever gets it next would commit, by beginning, what was
   * written so far, but not the events; so it is rolled back.
   */
  private async abandon(connection: QueryRunner): Promise<void> {
    if (!this.transactions.get(connection)?.publishes) return;
    this.end(connection);
    await connection.query('ROLLBACK').catch(() => destroyConnection(this.dataSource, connection));
  }

  private flush(connection: QueryRunner, transaction: Transaction): Promise<void> | undefined {
    if (!this.writer || !transaction.publishes) return undefined;
    // Once only. If it failed, every further try to commit must fail too: the transaction would commit without its events.
    return (
      transaction.written ??
      this.write(this.writer, connection, transaction, transaction.frames.items)
    );
  }

  /** Writes behind what is being written already. */
  private write(
    writer: EventWriter,
    connection: QueryRunner,
    transaction: Transaction,
    publications: readonly Publication[],
  ): Promise<void> {
    const earlier = transaction.written ?? this.checkOpen(connection, transaction);
    const writing = earlier.then(async () =>
      writer.write(connection, await eventsOf(publications)),
    );
    transaction.written = writing;
    // TypeORM forgets the promise when another subscriber throws; a rejection that nobody handles would end the process.
    writing.catch(() => undefined);
    return writing;
  }

  /** Of a transaction that began unseen an error may have escaped us, after which the server has ended it. */
  private async checkOpen(connection: QueryRunner, transaction: Transaction): Promise<void> {
    if (transaction.seenFromStart || (await isStillOpen(connection))) return;
    transaction.endedBy ??= { error: undefined };
    this.assertNotRolledBack(transaction);
  }

  /** Waits for a validation. What fails before the commit begins is its caller's to know of, and not in the way of the others. */
  private async validated(publication: Publication, events: Promise<Events>): Promise<void> {
    try {
      publication.events = await events;
    } catch (error) {
      publication.events = [];
      throw error;
    }
  }

  private transactionOf(connection: QueryRunner): Transaction {
    let transaction = this.transactions.get(connection);
    if (!transaction) {
      transaction = newTransaction(false);
      this.transactions.set(connection, transaction);
    }
    return transaction;
  }

  private end(connection: QueryRunner): Transaction | undefined {
    const transaction = this.transactions.get(connection);
    this.transactions.delete(connection);
    if (transaction?.publishes) this.openTransactions--;
    this.detachIfUnused();
    return transaction;
  }

  /** Else the events would be committed by themselves, without the rows that belong to them. */
  private assertNotRolledBack({ endedBy }: Transaction): void {
    if (!endedBy) return;
    throw new EventxPublishError(
      'The database has rolled this transaction back by itself (a deadlock), but the application went on as if nothing had ' +
        'happened. Nothing of it is committed, events included: let the error of the query end the transaction, and try it again.',
      { cause: endedBy.error },
    );
  }

  private openTransaction(manager: EntityManager): QueryRunner {
    const connection = manager.queryRunner;
    const transaction = connection && this.transactions.get(connection);
    if (!connection?.isTransactionActive || levelOf(connection) < 1 || transaction?.rollingBack) {
      throw new NoTransactionError(
        'publish needs a manager with an open transaction: the event must commit together with your rows. ' +
          'Use dataSource.transaction(async (manager) => { …; await eventx.publish(manager, event); }).',
      );
    }
    if (transaction?.sealed) {
      throw new NoTransactionError(
        'publish came too late: its transaction is being committed. Await publish before the transaction ends.',
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

function newTransaction(seenFromStart: boolean): Transaction {
  return {
    frames: new TransactionFrames(),
    seenFromStart,
    publishes: false,
    written: null,
    rollingBack: false,
    sealed: false,
    endedBy: null,
  };
}

/** At once where nothing is being validated any more. */
function eventsOf(publications: readonly Publication[]): Events | Promise<Events> {
  const events = publications.map((publication) => publication.events);
  const areKnown = (all: typeof events): all is Events[] => !all.some((e) => e instanceof Promise);
  if (areKnown(events)) return events.flat();
  return Promise.all(events.map(async (known) => known)).then((all) => all.flat());
}

/** 1 inside of a transaction, 2 and more inside of savepoints in it. TypeORM declares it protected. */
function levelOf(connection: QueryRunner): number {
  return (connection as unknown as { readonly transactionDepth?: number }).transactionDepth ?? 1;
}

/** TypeORM 1 calls it `dataSource`, 0.3 `connection`. */
function dataSourceOf(runner: {
  dataSource?: DataSource;
  connection?: DataSource;
}): DataSource | undefined {
  return runner.dataSource ?? runner.connection;
}
