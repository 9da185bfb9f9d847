import { unlimited } from '../../util/abortable.js';
import { type Backoff, backoffDelay } from '../../util/backoff.js';
import {
  ConsumerHaltedError,
  EventNotFoundError,
  LeaseLostError,
  LogTruncatedError,
} from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import { describeError } from '../../util/logger.js';
import type { ConsumerRecord, ConsumerStore, Lease } from '../../storage/index.js';
import type { ConsumerProcess } from '../consumer-process.js';
import type { Consumer } from '../definition/consumer.js';
import type { LostPositionPolicy } from '../definition/consumer-options.js';
import { CallsUnderWay } from '../delivery/calls-under-way.js';
import { runConsumer } from '../delivery/run-consumer.js';
import { described, type Ending, howItEnds, LOST, MOVED, whoHasIt } from './ending.js';
import { LeaseWatch } from './lease-watch.js';
import { placeAt } from './start-position.js';

/** Who looks at the database for an agent. */
export interface AgentListener {
  /** A run has begun or ended: look again now. */
  wake(): void;
  /** A plain read said that a consumer is lost, and a locking one that it is not. */
  staleRead(): void;
}

/** The consumer as it runs here. */
interface Run {
  readonly lease: Lease;
  /** On the clock, in ms. */
  readonly startedAt: number;
  /** Where it is. */
  readonly place: { offset: number };
  readonly stop: AbortController;
  readonly abort: AbortController;
  /** Null where the lease never runs out. */
  readonly watch: LeaseWatch | null;
  /** Why it was told to end, and what for; both for the log. */
  ending: Ending | null;
  /** Settles when the database has answered who has the consumer; null when it is not asked. */
  doubt: Promise<void> | null;
}

/** Nothing is under way: what the database says next decides. */
interface Resting {
  readonly status: 'idle' | 'backoff';
  /** Not to be taken up before, on the clock, in ms. */
  readonly until: number;
}

type AgentState =
  | Resting
  /** On its way to a lease. */
  | { readonly status: 'starting' }
  | { readonly status: 'running'; readonly run: Run }
  /** For good. */
  | { readonly status: 'closed' };

const IDLE: Resting = { status: 'idle', until: -Infinity };

/** Waits before a consumer is taken up again after an error that is not a handler's. */
const RESTART: Backoff = { initial: 100, max: 10_000 };

/** One consumer in one process: takes its lease when it is to be had, runs it, and decides what follows the end of a run. */
export class ConsumerAgent<E extends SequencedEvent, M> {
  private state: AgentState = IDLE;
  /** What is under way: from the moment it is taken up until its lease is given free. */
  private active: Promise<void> = Promise.resolve();
  /** Whether it is to end for good, at the end of what is under way. */
  private closing = false;
  private registered = false;
  /** Runs in a row that did not get on. */
  private failures = 0;
  private startedFrom = 0;
  /** Whether the last thing that the log says is that it runs here. */
  private saidToRun = false;

  constructor(
    readonly consumer: Consumer<E, M>,
    readonly store: ConsumerStore<E, M>,
    private readonly process: ConsumerProcess<E>,
    private readonly listener: AgentListener,
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
    return this.state.status === 'starting';
  }

  /** Resolves when the run that is under way has ended; at once when there is none, also while one starts. */
  get ended(): Promise<void> {
    return this.running ? this.active : Promise.resolve();
  }

  /**
   * Brings what runs here in line with what the database says. Does not wait for the consumer to start: the lease of the process that
   * had it may hang in the database, with a session that has fallen silent, and the other consumers need their heartbeat meanwhile.
   * @param before the lease it had when the database was asked; a run that began later is not what the answer is about
   */
  reconcile(record: ConsumerRecord | undefined, before: Lease | null): void {
    switch (this.state.status) {
      case 'running':
        if (this.state.run.lease === before) this.check(this.state.run, record);
        return;
      case 'idle':
      case 'backoff':
        if (this.process.clock.now() < this.state.until) return;
        // Removed by hand, here or elsewhere; the next start of a process registers it anew.
        if (!record && this.registered) return;
        this.active = this.run(record);
    }
  }

  /** @param sentAt when a renewal of this lease was sent that has succeeded, on the clock */
  renewed(lease: Lease, sentAt: number): void {
    if (this.lease === lease) this.running?.watch?.renewed(sentAt);
  }

  /** Lets the event in hand end; nothing new begins, ever. Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.closing = true;
    this.running?.stop.abort();
    if (this.state.status === 'idle' || this.state.status === 'backoff') {
      this.state = { status: 'closed' };
    }
    await Promise.all([this.active, this.running?.doubt]);
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

  private get running(): Run | null {
    return this.state.status === 'running' ? this.state.run : null;
  }

  /** Whether the database still says that it is to run here. */
  private check(run: Run, record: ConsumerRecord | undefined): void {
    const { owner } = this.process;
    if (record?.lastOwner !== owner || record.fencingToken !== run.lease.fencingToken) {
      this.askForCertain(run);
    } else if (record.paused || record.halted || record.wantedBy) {
      run.ending = { how: howItEnds(record) };
      run.stop.abort();
    }
  }

  /**
   * A plain read says that it is lost. A replica may have answered that is behind: then it would be broken off again and again, for
   * nothing. Nobody waits for the answer, which may wait for whoever has locked the row.
   */
  private askForCertain(run: Run): void {
    const { owner, logger } = this.process;
    run.doubt ??= this.store
      .holder(this.name)
      .then(
        (holder) => {
          if (holder?.owner === owner && holder.fencingToken === run.lease.fencingToken)
            this.listener.staleRead();
          else if (this.running === run) this.abort(whoHasIt(holder));
        },
        (error: unknown) =>
          logger.debug?.(`Consumer "${this.name}": cannot see who has it: ${describeError(error)}`),
      )
      .finally(() => (run.doubt = null));
  }

  /** Takes the consumer up, if it is to be had, and runs it until it ends. Never rejects. */
  private async run(record: ConsumerRecord | undefined): Promise<void> {
    this.state = { status: 'starting' };
    let rest: Resting = IDLE;
    try {
      const run = await this.takeUp(record);
      if (run) rest = await this.handle(run, record?.lastOwner ?? null);
    } catch (error) {
      rest = this.backOff(error);
    }
    const hasRun = this.running !== null;
    this.state = this.closing ? { status: 'closed' } : rest;
    if (hasRun) this.listener.wake();
  }

  /** @returns null when it is not to be had */
  private async takeUp(record: ConsumerRecord | undefined): Promise<Run | null> {
    const { owner } = this.process;
    if (!this.registered) await this.register(record);
    const isFree = !record || record.owner === null || record.owner === owner;
    if (!isFree) this.saidToRun = false;
    return isFree && !record?.paused && !record?.halted ? this.acquire() : null;
  }

  private async register(record: ConsumerRecord | undefined): Promise<void> {
    const { log, logger } = this.process;
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

  private async acquire(): Promise<Run | null> {
    const { owner, clock, options } = this.process;
    const leaseMs = options.lease;
    const sentAt = clock.now();
    const lease = await this.store.acquire(this.name, owner, leaseMs);
    if (!lease) return null;
    if (this.closing) {
      await this.store.release(lease, leaseMs);
      return null;
    }
    const watch = lease.endless ? null : new LeaseWatch(clock, leaseMs, sentAt);
    if (watch?.isOver) {
      await this.store.release(lease, leaseMs);
      throw new LeaseLostError(
        `its lease of ${leaseMs} ms had run out when the database answered that it was given.`,
      );
    }
    // The last run got further, or it was moved by hand: a log that comes in pieces is followed without ever longer waits.
    if (lease.offset !== this.startedFrom) this.failures = 0;
    this.startedFrom = lease.offset;
    return {
      lease,
      startedAt: clock.now(),
      place: { offset: lease.offset },
      stop: new AbortController(),
      abort: new AbortController(),
      watch,
      ending: null,
      doubt: null,
    };
  }

  /**
   * Handles events under a lease until it is told to stop or something fails, and gives the lease free.
   * @param before who had it last, where that is known
   */
  private async handle(run: Run, before: string | null): Promise<Resting> {
    const { consumer, store, process } = this;
    const { lease, place, watch } = run;
    const { clock, logger, options } = process;
    this.state = { status: 'running', run };
    const calls = new CallsUnderWay({
      consumer: this.name,
      lease,
      store,
      clock,
      logger,
      slowMs: options.slowHandler,
      timeoutMs: consumer.options.timeout,
    });
    watch?.start(() =>
      this.abort({
        how: LOST,
        why:
          `its lease of ${options.lease} ms could not be renewed, so that other processes may take it. Is the database down, or this ` +
          'process too busy to answer?',
      }),
    );
    this.sayThatItRuns(lease, before);
    // What was changed by hand while it started has gone unnoticed.
    this.listener.wake();
    let rest: Resting;
    try {
      const stop = unlimited(run.stop.signal);
      const abort = unlimited(run.abort.signal);
      await runConsumer({ ...process, consumer, store, lease, place, calls, stop, abort });
      rest = this.gaveFree(run);
    } catch (error) {
      rest = await this.failed(run, error);
    } finally {
      watch?.stop();
      calls.close();
    }
    await store.release(lease, options.lease);
    return rest;
  }

  /** Once, however often it is restarted: what was in its way meanwhile is said by itself. */
  private sayThatItRuns({ offset }: Lease, before: string | null): void {
    const { owner, logger } = this.process;
    if (this.saidToRun) return;
    this.saidToRun = true;
    const from =
      before === null || before === owner ? '' : `; it was with ${before}, whose lease ran out`;
    logger.log(`Consumer "${this.name}" runs here (${owner}), from seq ${offset + 1} on${from}.`);
  }

  /** A run has ended because it was told to. */
  private gaveFree({ ending, place }: Run): Resting {
    this.failures = 0;
    if (!ending) return IDLE;
    this.saidToRun = false;
    this.process.logger.log(`Consumer "${this.name}" ${ending.how} at seq ${place.offset}.`);
    return IDLE;
  }

  /** A run has ended with an error. */
  private async failed(run: Run, error: unknown): Promise<Resting> {
    const { onTruncated, onLost } = this.consumer.options;
    if (this.process.clock.now() - run.startedAt > RESTART.max) this.failures = 0;
    if (error instanceof LeaseLostError) return this.lost(run);
    if (error instanceof ConsumerHaltedError) await this.halt(run.lease, error);
    else if (error instanceof LogTruncatedError) await this.relocate(run, error, onTruncated);
    else if (error instanceof EventNotFoundError) await this.relocate(run, error, onLost);
    else return this.backOff(error);
    return IDLE;
  }

  /**
   * The first loss is no reason to wait, so that a consumer which was moved by hand goes on at once. One after the other is: something
   * takes it away again and again, and each time handlers run in vain.
   */
  private async lost({ abort, place, ending }: Run): Promise<Resting> {
    const { clock, logger, random } = this.process;
    this.saidToRun = false;
    // Where a write was refused nobody has said why yet.
    const known = abort.signal.aborted && ending ? ending : await this.askWhy();
    const at = `Consumer "${this.name}", at seq ${place.offset},`;
    const message = `${at} ${described(known)} What was under way does not count here.`;
    if (++this.failures === 1 || this.closing) {
      if (known.how === MOVED) logger.log(message);
      else logger.warn(message);
      return IDLE;
    }
    const delay = backoffDelay(this.failures - 1, RESTART, random());
    const until = clock.now() + delay;
    logger.warn(
      `${message} That is the ${this.failures}. time in a row without getting on; next try in ${delay} ms. Is its offset moved by ` +
        'hand again and again, is the database or this process too slow for the option "consumers.lease", or is what is read of the ' +
        'database out of date (a proxy that sends reads to replicas, transactions that the application leaves open)?',
    );
    return { status: 'backoff', until };
  }

  private async askWhy(): Promise<Ending> {
    return this.store.holder(this.name).then(whoHasIt, (error: unknown) => ({
      how: LOST,
      why: `the database refused a write under its lease, and does not say who has it: ${describeError(error)}.`,
    }));
  }

  private async halt(lease: Lease, error: Error): Promise<void> {
    this.saidToRun = false;
    this.process.logger.error(error.message);
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
          `Consumer "${this.name}" halted at seq ${place.offset}: ${error.message} Then consumers.seek('${this.name}', …) and ` +
            `consumers.resume('${this.name}').`,
        ),
      );
    }
    const { log, logger } = this.process;
    const position = await placeAt(log.storage, policy, (to) =>
      this.store.seek(this.name, to, lease),
    );
    if (!position) return;
    logger.warn(
      `Consumer "${this.name}" goes on at seq ${position.offset + 1} ('${policy}'): ${error.message}`,
    );
  }

  /** Something failed that is no handler's: it is tried again later. */
  private backOff(error: unknown): Resting {
    const { clock, logger, random } = this.process;
    this.failures++;
    const delay = backoffDelay(this.failures, RESTART, random());
    const message = `Consumer "${this.name}" is interrupted, next try in ${delay} ms: ${describeError(error)}`;
    if (this.failures === 1) logger.debug?.(message);
    else logger.warn(message);
    return { status: 'backoff', until: clock.now() + delay };
  }
}
