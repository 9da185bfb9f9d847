import { abortable } from '../core/abortable.js';
import { type Backoff, backoffDelay } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { EventNotFoundError, LeaseLostError, LogTruncatedError } from '../core/errors.js';
import type { SequencedEvent } from '../core/event.js';
import { describeError, type EventxLogger } from '../core/logger.js';
import type { ConsumerRecord, ConsumerStore, Lease } from '../storage/index.js';
import type { Consumer } from './consumer.js';
import type { ConsumerLog } from './consumer-log.js';
import type { LostPositionPolicy } from './consumer-options.js';
import { leaseLost } from './consumer-run.js';
import { ConsumerHaltedError } from './halted.error.js';
import { runConsumer } from './run-consumer.js';
import { resolveStart } from './start-position.js';
import { unlimited } from './unlimited.js';

/** What a slot takes from outside. */
export interface SlotEnvironment<E extends SequencedEvent> {
  readonly log: ConsumerLog<E>;
  readonly logger: EventxLogger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Which process this is. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Called when a run has begun or ended. */
  readonly onChange: () => void;
}

/** Waits before a consumer is taken up again after an error that is not a handler's. */
const RESTART: Backoff = { initial: 100, max: 10_000 };

/** One consumer in one process: takes its lease when it is to be had, runs it, and decides what follows the end of a run. */
export class ConsumerSlot<E extends SequencedEvent, M> {
  private running: {
    lease: Lease;
    stop: AbortController;
    abort: AbortController;
    ended: Promise<void>;
  } | null = null;
  private registered = false;
  private closed = false;
  private starting: Promise<void> = Promise.resolve();
  private starts = false;
  private failures = 0;
  private startedAt = 0;
  private startedFrom = 0;
  private restartAt = 0;

  constructor(
    readonly consumer: Consumer<E, M>,
    readonly store: ConsumerStore<E, M>,
    private readonly environment: SlotEnvironment<E>,
  ) {}

  get name(): string {
    return this.consumer.name;
  }

  /** The lease it runs under; null when it does not run here. */
  get lease(): Lease | null {
    return this.running?.lease ?? null;
  }

  /** Whether it is on its way to a lease: what the database says of it is out of date as soon as it is read. */
  get isStarting(): boolean {
    return this.starts;
  }

  /**
   * Brings what runs here in line with what the database says. Does not wait for the consumer to start: the lease of the process that
   * had it may hang in the database, with a session that has fallen silent, and the other consumers need their heartbeat meanwhile.
   */
  follow(record: ConsumerRecord | undefined): void {
    const { clock, owner } = this.environment;
    if (this.running) {
      const { lease } = this.running;
      if (record?.owner !== owner || record.epoch !== lease.epoch) this.breakOff(leaseLost(lease));
      else if (record.paused || record.halted || record.wantedBy) this.running.stop.abort();
      return;
    }
    if (this.closed || this.starts || clock.now() < this.restartAt) return;
    // Removed by hand, here or elsewhere; the next start of a process registers it anew.
    if (!record && this.registered) return;
    this.starts = true;
    this.starting = this.takeUp(record).finally(() => {
      this.starts = false;
      // What was changed by hand meanwhile has gone unnoticed.
      if (this.running) this.environment.onChange();
    });
  }

  /**
   * Lets the event in hand end; nothing new begins, ever.
   * @param giveUp ends the wait for a start that is under way
   */
  async close(giveUp?: AbortSignal): Promise<void> {
    this.closed = true;
    this.running?.stop.abort();
    await abortable(this.starting, giveUp).catch(() => undefined);
    await this.running?.ended;
  }

  /** Ends the run at once; what is under way does not count. */
  breakOff(reason: Error): void {
    this.running?.abort.abort(reason);
    this.running?.stop.abort();
  }

  private async takeUp(record: ConsumerRecord | undefined): Promise<void> {
    const { owner } = this.environment;
    try {
      if (!this.registered) await this.register(record);
      const free = !record || record.owner === null || record.owner === owner;
      if (free && !record?.paused && !record?.halted) await this.start();
    } catch (error) {
      this.retryLater(error);
    }
  }

  private async register(record: ConsumerRecord | undefined): Promise<void> {
    const { log, logger } = this.environment;
    if (record?.halted) {
      logger.error(
        `Consumer "${this.name}" is halted: ${record.lastError ?? 'unknown reason'} It stays so until consumers.resume('${this.name}').`,
      );
    }
    if (!record) {
      await this.store.register(
        this.name,
        await resolveStart(log.storage, this.consumer.options.startFrom),
      );
    }
    this.registered = true;
  }

  private async start(): Promise<void> {
    const { owner, leaseMs, onChange, log, ...rest } = this.environment;
    const lease = await this.store.acquire(this.name, owner, leaseMs);
    if (!lease) return;
    if (this.closed) return this.store.release(lease, leaseMs);
    this.startedAt = this.environment.clock.now();
    // The last run got further: a log that comes in pieces is followed without ever longer waits.
    if (lease.seq > this.startedFrom) this.failures = 0;
    this.startedFrom = lease.seq;
    const stop = new AbortController();
    const abort = new AbortController();
    const run = {
      ...rest,
      consumer: this.consumer,
      store: this.store,
      lease,
      stop: unlimited(stop.signal),
      abort: unlimited(abort.signal),
    };
    const ended = runConsumer(run, log)
      .then(() => (this.failures = 0))
      .catch((error: unknown) => this.ended(lease, error))
      .then(() => this.store.release(lease, leaseMs))
      .catch((error: unknown) => this.retryLater(error))
      .then(() => {
        this.running = null;
        onChange();
      });
    this.running = { lease, stop, abort, ended };
  }

  /** A run has ended with an error. */
  private async ended(lease: Lease, error: unknown): Promise<void> {
    const { onTruncated, onLost } = this.consumer.options;
    if (this.environment.clock.now() - this.startedAt > RESTART.max) this.failures = 0;
    if (error instanceof LeaseLostError) this.environment.logger.debug?.(error.message);
    else if (error instanceof ConsumerHaltedError) await this.halt(lease, error);
    else if (error instanceof LogTruncatedError) await this.relocate(lease, error, onTruncated);
    else if (error instanceof EventNotFoundError) await this.relocate(lease, error, onLost);
    else this.retryLater(error);
  }

  private async halt(lease: Lease, error: Error): Promise<void> {
    this.environment.logger.error(error.message);
    await this.store.halt(lease, error.message);
  }

  /** The place in the log is gone. */
  private async relocate(lease: Lease, error: Error, policy: LostPositionPolicy): Promise<void> {
    if (policy === 'halt') {
      return this.halt(
        lease,
        new ConsumerHaltedError(
          `Consumer "${this.name}" halted at seq ${lease.seq}: ${error.message} Then consumers.seek('${this.name}', …) and ` +
            `consumers.resume('${this.name}').`,
        ),
      );
    }
    const { log, logger } = this.environment;
    const position = await resolveStart(log.storage, policy);
    logger.warn(
      `Consumer "${this.name}" goes on at seq ${position.seq + 1} ('${policy}'): ${error.message}`,
    );
    await this.store.seek(this.name, position, lease);
  }

  private retryLater(error: unknown): void {
    const { clock, logger, random } = this.environment;
    this.failures++;
    const delay = backoffDelay(this.failures, RESTART, random());
    this.restartAt = clock.now() + delay;
    const message = `Consumer "${this.name}" is interrupted, next try in ${delay} ms: ${describeError(error)}`;
    if (this.failures === 1) logger.debug?.(message);
    else logger.warn(message);
  }
}
