import { abortable, unlimited } from '../../util/abortable.js';
import { type Backoff, backoffDelay } from '../../util/backoff.js';
import type { Clock } from '../../util/clock.js';
import {
  ConsumerHaltedError,
  EventNotFoundError,
  LeaseLostError,
  LogTruncatedError,
} from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import { describeError, type EventxLogger } from '../../util/logger.js';
import type { ConsumerRecord, ConsumerStore, Holder, Lease } from '../../storage/index.js';
import { CallsUnderWay } from '../delivery/calls-under-way.js';
import type { Consumer } from '../definition/consumer.js';
import type { ConsumerLog } from './consumer-log.js';
import type { LostPositionPolicy } from '../definition/consumer-options.js';
import { LeaseWatch } from './lease-watch.js';
import { runConsumer } from '../delivery/run-consumer.js';
import { placeAt } from './start-position.js';

/** What a slot takes from outside. */
export interface SlotEnvironment<E extends SequencedEvent> {
  readonly log: ConsumerLog<E>;
  readonly logger: EventxLogger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Which process this is. */
  readonly owner: string;
  readonly leaseMs: number;
  /** After how long a call of a handler is spoken of, in ms. */
  readonly slowMs: number;
  /** Called when a run has begun or ended. */
  readonly onChange: () => void;
  /** Called when a plain read said that a consumer is lost, and a locking one that it is not. */
  readonly onStaleRead: () => void;
}

/** The consumer as it runs here. */
interface Run {
  readonly lease: Lease;
  /** Where it is. */
  readonly place: { seq: number };
  readonly stop: AbortController;
  readonly abort: AbortController;
  /** Null where the lease never runs out. */
  readonly watch: LeaseWatch | null;
  readonly ended: Promise<void>;
  /** Why it was told to end, and what for; both for the log. */
  ending: Ending | null;
  /** What the database was asked about it; null when nothing is. */
  doubt: Promise<void> | null;
}

/** Waits before a consumer is taken up again after an error that is not a handler's. */
const RESTART: Backoff = { initial: 100, max: 10_000 };

/** How a run ended, as the log says it. */
interface Ending {
  readonly how: string;
  readonly why?: string;
}

/** Other processes may have the consumer. */
const LOST = 'was lost';
/** People did it, on purpose. */
const MOVED = 'was moved or removed by hand';

/** One consumer in one process: takes its lease when it is to be had, runs it, and decides what follows the end of a run. */
export class ConsumerAgent<E extends SequencedEvent, M> {
  private running: Run | null = null;
  private registered = false;
  private closed = false;
  private starting: Promise<void> = Promise.resolve();
  private starts = false;
  private failures = 0;
  private startedAt = 0;
  private startedFrom = 0;
  private restartAt = 0;
  /** Whether the last thing that the log says is that it runs here. */
  private saidToRun = false;

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
   * @param before the lease it had when the database was asked; a run that began later is not what the answer is about
   */
  reconcile(record: ConsumerRecord | undefined, before: Lease | null): void {
    const { clock, owner } = this.environment;
    const { running } = this;
    if (running) {
      if (running.lease !== before) return;
      if (record?.lastOwner !== owner || record.fencingToken !== before.fencingToken)
        this.doubt(running);
      else if (record.paused || record.halted || record.wantedBy) {
        running.ending = { how: howItEnds(record) };
        running.stop.abort();
      }
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
    const { running } = this;
    await abortable(Promise.resolve(running?.doubt), giveUp).catch(() => undefined);
    await running?.ended;
  }

  /** @param sentAt when a renewal of this lease was sent that has succeeded, on the clock */
  renewed(lease: Lease, sentAt: number): void {
    if (this.running?.lease === lease) this.running.watch?.renewed(sentAt);
  }

  /**
   * Ends the run at once; what is under way does not count.
   * @param ending for the log, and for handlers that ask their signal
   */
  abort(ending: Ending): void {
    const { running } = this;
    if (!running || running.abort.signal.aborted) return;
    running.ending = ending;
    running.abort.abort(new LeaseLostError(`Consumer "${this.name}" ${described(ending)}`));
    running.stop.abort();
  }

  /**
   * A plain read says that it is lost. A replica may have answered that is behind: then it would be broken off again and again, for
   * nothing. Nobody waits for the answer, which may wait for whoever has locked the row.
   */
  private doubt(run: Run): void {
    const { owner, logger, onStaleRead } = this.environment;
    run.doubt ??= this.store
      .holder(this.name)
      .then(
        (holder) => {
          if (holder?.owner === owner && holder.fencingToken === run.lease.fencingToken)
            onStaleRead();
          else if (this.running === run) this.abort(whoHasIt(holder));
        },
        (error: unknown) =>
          logger.debug?.(`Consumer "${this.name}": cannot see who has it: ${describeError(error)}`),
      )
      .finally(() => (run.doubt = null));
  }

  private async takeUp(record: ConsumerRecord | undefined): Promise<void> {
    const { owner } = this.environment;
    try {
      if (!this.registered) await this.register(record);
      const free = !record || record.owner === null || record.owner === owner;
      if (!free) this.saidToRun = false;
      if (free && !record?.paused && !record?.halted) await this.start(record?.lastOwner ?? null);
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
      const { startFrom } = this.consumer.options;
      await placeAt(log.storage, startFrom, (to) => this.store.register(this.name, to));
    }
    this.registered = true;
  }

  /** @param before who had it last, where that is known */
  private async start(before: string | null): Promise<void> {
    const { owner, leaseMs, clock } = this.environment;
    const sentAt = clock.now();
    const lease = await this.store.acquire(this.name, owner, leaseMs);
    if (!lease) return;
    if (this.closed) return this.store.release(lease, leaseMs);
    const watch = lease.endless ? null : new LeaseWatch(clock, leaseMs, sentAt);
    if (watch?.isOver) {
      await this.store.release(lease, leaseMs);
      throw new LeaseLostError(
        `its lease of ${leaseMs} ms had run out when the database answered that it was given.`,
      );
    }
    this.startedAt = clock.now();
    // The last run got further, or it was moved by hand: a log that comes in pieces is followed without ever longer waits.
    if (lease.offset !== this.startedFrom) this.failures = 0;
    this.startedFrom = lease.offset;
    this.running = this.run(lease, watch);
    this.sayThatItRuns(lease, before);
  }

  private run(lease: Lease, watch: LeaseWatch | null): Run {
    const { log, logger, clock, random, leaseMs, slowMs, onChange } = this.environment;
    const { consumer, store } = this;
    const stop = new AbortController();
    const abort = new AbortController();
    const place = { seq: lease.offset };
    const underWay = new CallsUnderWay({
      consumer: this.name,
      lease,
      store,
      clock,
      logger,
      slowMs,
      timeoutMs: consumer.options.timeout,
    });
    const shared = { consumer, store, lease, clock, random, logger, place, underWay };
    const work = runConsumer(
      { ...shared, stop: unlimited(stop.signal), abort: unlimited(abort.signal) },
      log,
    );
    watch?.start(() =>
      this.abort({
        how: LOST,
        why:
          `its lease of ${leaseMs} ms could not be renewed, so that other processes may take it. Is the database down, or this process ` +
          'too busy to answer?',
      }),
    );
    const ended = work
      .then(() => this.gaveFree(run))
      .catch((error: unknown) => this.failed(run, error))
      .finally(() => {
        watch?.stop();
        underWay.close();
      })
      .then(() => store.release(lease, leaseMs))
      .catch((error: unknown) => this.retryLater(error))
      .then(() => {
        this.running = null;
        onChange();
      });
    const run: Run = { lease, place, stop, abort, watch, ended, ending: null, doubt: null };
    return run;
  }

  /** Once, however often it is restarted: what was in its way meanwhile is said by itself. */
  private sayThatItRuns({ offset: seq }: Lease, before: string | null): void {
    const { owner, logger } = this.environment;
    if (this.saidToRun) return;
    this.saidToRun = true;
    const from =
      before === null || before === owner ? '' : `; it was with ${before}, whose lease ran out`;
    logger.log(`Consumer "${this.name}" runs here (${owner}), from seq ${seq + 1} on${from}.`);
  }

  /** A run has ended because it was told to. */
  private gaveFree({ ending, place }: Run): void {
    this.failures = 0;
    if (!ending) return;
    this.saidToRun = false;
    this.environment.logger.log(`Consumer "${this.name}" ${ending.how} at seq ${place.seq}.`);
  }

  /** A run has ended with an error. */
  private async failed(run: Run, error: unknown): Promise<void> {
    const { onTruncated, onLost } = this.consumer.options;
    if (this.environment.clock.now() - this.startedAt > RESTART.max) this.failures = 0;
    if (error instanceof LeaseLostError) await this.lost(run);
    else if (error instanceof ConsumerHaltedError) await this.halt(run.lease, error);
    else if (error instanceof LogTruncatedError) await this.relocate(run, error, onTruncated);
    else if (error instanceof EventNotFoundError) await this.relocate(run, error, onLost);
    else this.retryLater(error);
  }

  /**
   * The first loss is no reason to wait, so that a consumer which was moved by hand goes on at once. One after the other is: something
   * takes it away again and again, and each time handlers run in vain.
   */
  private async lost({ abort, place, ending }: Run): Promise<void> {
    const { clock, logger, random } = this.environment;
    this.saidToRun = false;
    // Where a write was refused nobody has said why yet.
    const known = abort.signal.aborted && ending ? ending : await this.askWhy();
    const at = `Consumer "${this.name}", at seq ${place.seq},`;
    const message = `${at} ${described(known)} What was under way does not count here.`;
    if (++this.failures === 1 || this.closed) {
      return known.how === MOVED ? logger.log(message) : logger.warn(message);
    }
    const delay = backoffDelay(this.failures - 1, RESTART, random());
    this.restartAt = clock.now() + delay;
    logger.warn(
      `${message} That is the ${this.failures}. time in a row without getting on; next try in ${delay} ms. Is its offset moved by ` +
        'hand again and again, is the database or this process too slow for the option "consumers.lease", or is what is read of the ' +
        'database out of date (a proxy that sends reads to replicas, transactions that the application leaves open)?',
    );
  }

  private async askWhy(): Promise<Ending> {
    return this.store.holder(this.name).then(whoHasIt, (error: unknown) => ({
      how: LOST,
      why: `the database refused a write under its lease, and does not say who has it: ${describeError(error)}.`,
    }));
  }

  private async halt(lease: Lease, error: Error): Promise<void> {
    this.saidToRun = false;
    this.environment.logger.error(error.message);
    await this.store.halt(lease, error.message);
  }

  /** The place in the log is gone. */
  private async relocate(
    { lease, place }: Run,
    error: Error,
    policy: LostPositionPolicy,
  ): Promise<void> {
    if (policy === 'halt') {
      return this.halt(
        lease,
        new ConsumerHaltedError(
          `Consumer "${this.name}" halted at seq ${place.seq}: ${error.message} Then consumers.seek('${this.name}', …) and ` +
            `consumers.resume('${this.name}').`,
        ),
      );
    }
    const { log, logger } = this.environment;
    const position = await placeAt(log.storage, policy, (to) =>
      this.store.seek(this.name, to, lease),
    );
    if (!position) return;
    logger.warn(
      `Consumer "${this.name}" goes on at seq ${position.offset + 1} ('${policy}'): ${error.message}`,
    );
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

function howItEnds({ halted, wantedBy }: ConsumerRecord): string {
  if (halted) return 'is halted';
  return wantedBy === null ? 'is paused' : `is handed over to ${wantedBy}`;
}

function whoHasIt(holder: Holder | null): Ending {
  return holder?.owner
    ? { how: LOST, why: `${holder.owner} has it now (fencing token ${holder.fencingToken}).` }
    : { how: MOVED };
}

function described({ how, why }: Ending): string {
  return why === undefined ? `${how}.` : `${how}: ${why}`;
}
