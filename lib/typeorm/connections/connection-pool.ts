import { type Backoff, backoffDelay } from '../../util/backoff.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { EventxClosedError, StorageTimeoutError } from '../../errors.js';
import type { OwnConnection } from './own-connection.js';

export interface PoolOptions {
  /** Most connections at a time. */
  readonly size: number;
  /** How long the whole of a `use` may take, in ms: to get a connection, and to be done with it. */
  readonly timeoutMs: number;
  /** Opens a connection. */
  readonly open: () => Promise<OwnConnection>;
  /** Changes when connections that are open are to be replaced. Throws while there is nothing to connect to. */
  readonly generation: () => unknown;
  readonly clock?: Clock;
}

interface Waiter {
  readonly resolve: (connection: Pooled) => void;
  readonly reject: (error: unknown) => void;
}

interface Pooled {
  readonly connection: OwnConnection;
  readonly generation: unknown;
}

/** Waits between attempts to connect while the database is away, whoever asks. */
const RECONNECT: Backoff = { initial: 50, max: 1000 };
/**
 * After so many ms without use a connection is closed: a process that is at rest holds none but the one it polls with. Shorter than
 * the time after which the server may end a session that is silent.
 */
const IDLE_MS = 3000;

/**
 * A few connections of one log. What failed, or did not answer in time, is never used again: it may still be busy, or have a
 * transaction open.
 */
export class ConnectionPool {
  private readonly clock: Clock;
  /** The one that was used last is at the end. */
  private idle: (Pooled & { readonly cancelClosing: () => void })[] = [];
  private readonly waiters: Waiter[] = [];
  /** Connections that are open or on their way. */
  private count = 0;
  private failures = 0;
  private connectAt = 0;
  private closed = false;

  constructor(private readonly options: PoolOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Runs `work` on a connection, waiting for one where all are in use.
   * @throws StorageTimeoutError, EventxClosedError, what the driver throws when it cannot connect, or what `work` throws
   */
  async use<T>(
    work: (connection: OwnConnection) => Promise<T>,
    timeoutMs = this.options.timeoutMs,
  ): Promise<T> {
    let late = false;
    let pooled: Pooled | undefined;
    const run = async () => {
      const got = await this.acquire();
      if (late) {
        this.release(got);
        throw this.tooLate(timeoutMs);
      }
      pooled = got;
      return work(got.connection);
    };
    let cancel!: () => void;
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.clock.after(timeoutMs, () => {
        late = true;
        reject(this.tooLate(timeoutMs));
      });
    });
    try {
      const result = await Promise.race([run(), timeout]);
      this.release(pooled!);
      return result;
    } catch (error) {
      if (pooled) this.discard(pooled);
      throw error;
    } finally {
      cancel();
    }
  }

  /** For good. Resolves when connections at rest are closed; those in use are closed when they come back. */
  async close(): Promise<void> {
    this.closed = true;
    for (const waiter of this.waiters.splice(0)) waiter.reject(new EventxClosedError());
    await this.closeIdle();
  }

  private async acquire(): Promise<Pooled> {
    if (this.closed) throw new EventxClosedError();
    const generation = this.generation();
    for (let last = this.idle.pop(); last; last = this.idle.pop()) {
      last.cancelClosing();
      if (this.isUsable(last)) return last;
      this.discard(last);
    }
    if (this.count < this.options.size) return this.connect(generation);
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  private generation(): unknown {
    try {
      return this.options.generation();
    } catch (error) {
      void this.closeIdle();
      throw error;
    }
  }

  private async connect(generation: unknown): Promise<Pooled> {
    this.count++;
    try {
      const wait = this.connectAt - this.clock.now();
      if (wait > 0) await new Promise<void>((resolve) => this.clock.after(wait, resolve));
      const connection = await this.options.open();
      this.failures = 0;
      return { connection, generation };
    } catch (error) {
      this.count--;
      this.connectAt = this.clock.now() + backoffDelay(++this.failures, RECONNECT, Math.random());
      // They would meet the same, one after the other; each of them tries again by itself.
      for (const waiter of this.waiters.splice(0)) waiter.reject(error);
      throw error;
    }
  }

  private release(pooled: Pooled): void {
    if (!this.isUsable(pooled)) return this.discard(pooled);
    const waiter = this.waiters.shift();
    if (waiter) return waiter.resolve(pooled);
    const cancelClosing = this.clock.after(IDLE_MS, () => {
      this.idle = this.idle.filter(({ connection }) => connection !== pooled.connection);
      void this.retire(pooled);
    });
    this.idle.push({ ...pooled, cancelClosing });
  }

  private isUsable({ connection, generation }: Pooled): boolean {
    if (this.closed || !connection.isOpen) return false;
    try {
      return generation === this.generation();
    } catch {
      return false;
    }
  }

  private discard({ connection }: Pooled): void {
    connection.destroy();
    this.count--;
    const waiter = this.waiters.shift();
    if (waiter) this.acquire().then(waiter.resolve, waiter.reject);
  }

  private tooLate(timeoutMs: number): StorageTimeoutError {
    const option = timeoutMs === this.options.timeoutMs ? ' (option queryTimeout)' : '';
    return new StorageTimeoutError(
      `The database did not answer within ${timeoutMs} ms${option}. Is it overloaded or hung, or does a transaction hold a lock for long?`,
    );
  }

  private async closeIdle(): Promise<void> {
    await Promise.all(
      this.idle.splice(0).map((pooled) => {
        pooled.cancelClosing();
        return this.retire(pooled);
      }),
    );
  }

  /** Closes a connection that is at rest. Nobody waits for one then. */
  private async retire({ connection }: Pooled): Promise<void> {
    this.count--;
    await connection.end();
  }
}
