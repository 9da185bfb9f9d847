import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, systemClock } from '../../../util/clock.js';
import { aroundAwaiter } from './around-awaiter.js';
import { EmbeddedTransactionError } from './embedded-transaction.error.js';
import { FifoLock } from './lock.js';

/** How long statements may follow each other before the event loop gets a chance, in milliseconds. */
const BREATHE_EVERY_MS = 10;

/** Who takes turns: a query runner. */
export interface TurnOwner {
  /** Whether its connection is inside of a transaction right now. */
  readonly hasOpenTransaction: boolean;
}

/** One owner's time with the connection: a transaction, or statements outside of one. */
export class Turn {
  /** Undefined before the turn has come and after it is over: an async context that still has it means nothing then. */
  owner: TurnOwner | undefined;

  /** How many calls run in this turn now. */
  users = 0;

  /** Whether there has been a transaction in it. A turn has one at most. */
  hadTransaction = false;
}

/**
 * Gives each user of one database file its own turn, in order of arrival.
 *
 * A turn lasts while calls run in it and while the connection is in a transaction. It follows the state of the
 * connection, not the calls of TypeORM, and so it is right as well for a COMMIT that failed, for a transaction that
 * SQLite rolled back by itself, and for a BEGIN written by hand.
 *
 * A call made inside of a transaction, but not through it, would wait for ever; it is refused. What is inside is told by
 * an async context marker, and only code that **proves** to be inside gets it: what a turn runs (`use`), what touches the
 * owner of the open transaction (`mark`), what has just awaited the start (`watchStart`), and what starts a transaction
 * on a query runner it has just connected (`newTurn`). To mark whoever calls `startTransaction` would be simpler, and
 * wrong: up to its first await an async function runs in the context of its caller, so that its siblings in a
 * `Promise.all`, and whatever the caller does next, would pass for parts of the transaction.
 */
export class Turns {
  private readonly lock: FifoLock;
  private readonly context = new AsyncLocalStorage<Turn>();
  private holder: Turn | undefined;
  /** Whose `startTransaction` the running code has just awaited. */
  private started: TurnOwner | undefined;
  private breathedAt = 0;

  constructor(private readonly clock: Clock = systemClock) {
    this.lock = new FifoLock(clock);
  }

  /** Whether the present turn is the owner's. */
  isHeldBy(owner: TurnOwner): boolean {
    return this.holder?.owner === owner;
  }

  /**
   * Runs `work` in the turn that `owner` has, or in a new one.
   *
   * @throws EmbeddedTransactionError when called inside of another's transaction, or after `waitLimitMs` in the queue
   */
  async use<T>(owner: TurnOwner, waitLimitMs: number, work: () => Promise<T>): Promise<T> {
    const present = this.holder;
    if (present?.owner === owner && isOn(present)) return this.run(present, work);
    return this.useNew(owner, waitLimitMs, work);
  }

  /** Like `use`, but waits for a new turn even if the owner has one. */
  async useNew<T>(
    owner: TurnOwner,
    waitLimitMs: number,
    work: () => Promise<T>,
    turn = new Turn(),
  ): Promise<T> {
    if (this.isInside) throw EmbeddedTransactionError.usedInside();
    await this.lock.acquire(waitLimitMs, () => EmbeddedTransactionError.waitedTooLong(waitLimitMs));
    turn.owner = owner;
    this.holder = turn;
    return this.run(turn, work);
  }

  /**
   * A turn for a transaction, to be used with `useNew`.
   *
   * @param markCaller whether the calling code is sure to be what the transaction is for; it is then inside from the start
   */
  newTurn(markCaller: boolean): Turn {
    const turn = new Turn();
    if (markCaller && !this.isInside) this.context.enterWith(turn);
    return turn;
  }

  /** Marks the calling code as inside of the owner's transaction, if that is open. */
  mark(owner: TurnOwner): void {
    if (this.holder?.owner === owner && owner.hasOpenTransaction) this.enter(this.holder);
  }

  /** Watches the start of a transaction; hand the promise that this returns to the caller, as it is. */
  watchStart(owner: TurnOwner, start: Promise<void>): Promise<void> {
    return aroundAwaiter(
      start,
      () => (this.started = owner),
      () => (this.started = undefined),
    );
  }

  /**
   * Marks the calling code if it has just awaited the start of a transaction. To be called when something else than the
   * owner is used, because that code may not have touched the owner yet.
   */
  markAfterStart(): void {
    if (this.started) this.mark(this.started);
  }

  /**
   * Whether the owner's turn only lasts for calls that come too late: they were made in its transaction, which has ended.
   */
  isTooLateFor(owner: TurnOwner): boolean {
    return this.holder?.owner === owner && !isOn(this.holder);
  }

  /** Ends the present turn if nothing keeps it up any more. */
  settle(): void {
    const turn = this.holder;
    if (!turn?.owner || turn.users > 0 || turn.owner.hasOpenTransaction) return;
    turn.owner = undefined;
    this.holder = undefined;
    this.lock.release();
  }

  private async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    turn.users += 1;
    try {
      await this.breathe();
      return await this.context.run(turn, work);
    } finally {
      turn.hadTransaction ||= turn.owner?.hasOpenTransaction === true;
      turn.users -= 1;
      this.settle();
    }
  }

  private get isInside(): boolean {
    const turn = this.context.getStore();
    return turn !== undefined && isOn(turn);
  }

  private enter(turn: Turn): void {
    if (this.context.getStore() !== turn) this.context.enterWith(turn);
  }

  /**
   * SQLite answers synchronously, so a loop of statements is one long run of microtasks: timers and sockets would
   * starve, and prepared statements would not be collected.
   */
  private async breathe(): Promise<void> {
    if (this.clock.now() - this.breathedAt < BREATHE_EVERY_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.breathedAt = this.clock.now();
  }
}

/** Whether the turn has come, and its transaction, if it had one, not yet ended. */
function isOn(turn: Turn): boolean {
  return turn.owner !== undefined && (!turn.hadTransaction || turn.owner.hasOpenTransaction);
}
