import { type Backoff, backoffDelay } from '../util/backoff.js';
import { type Clock, systemClock } from '../util/clock.js';
import { EventxUsageError } from '../errors.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import { outside } from '../util/outside.js';
import { WakeUp } from '../util/wake-up.js';
import type { EventxStorage, LogState } from '../storage/index.js';
import type { BatchLimits } from './batch-limits.js';
import { History } from './history.js';
import { LogReader } from './log-reader.js';
import { EventxSubscriber } from './subscriber.js';
import type { SubscriberOptions } from './subscriber-options.js';
import { Failures } from './failures.js';
import { PendingEvents } from './pending-events.js';
import { restAfter } from './rest.js';
import { resolveRunnerOptions, type RunnerOptions } from './runner-options.js';
import { Sequencer } from './sequencer.js';
import { SlowLooks } from './slow-looks.js';
import { RecentEvents } from './recent-events.js';

/** What a runner takes from outside, so that tests can replace it. */
export interface RunnerEnvironment {
  readonly logger?: EventxLogger;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** How a runner is doing. */
export interface RunnerStatus {
  readonly running: boolean;
  /** The last sequence number this process knows of; null before the first look at the log. */
  readonly lastSeq: number | null;
  /** Tries that failed since the last one that worked. */
  readonly failures: number;
  /** Why the last try failed; null when it worked. */
  readonly lastError: string | null;
  /** When the first of those tries failed, by the clock of this process; null while it gets on. */
  readonly failingSince: Date | null;
  /** Fetches that wait for the next event. */
  readonly waiting: number;
}

/** Waits of a runner that another one has outrun: long enough that they do not read and number the same events all the time. */
const CONTENTION: Backoff = { initial: 2, max: 40 };

/**
 * Waits of a runner that does not number, after a hint, in ms: it may hear of events before somebody else has numbered them. When it
 * has found nothing by then, the poll is soon enough.
 */
const LOOKS_AFTER_HINT = [5, 10, 20, 40, 80, 160];

/**
 * Follows one log: gives committed events their numbers, keeps the newest in memory and serves subscribers.
 * Any number of runners, in any number of processes, may follow the same log.
 *
 * Applications use `EventxService`. This is for those who run it themselves (`run: false`): `close()`, for one, ends every stream and
 * every consumer of this process for good.
 */
export class EventxRunner<
  E extends SequencedEvent = SequencedEvent,
  P extends PendingEvent = PendingEvent,
> {
  private readonly clock: Clock;
  private readonly wakeUp: WakeUp;
  private readonly window: RecentEvents<E>;
  private readonly reader: LogReader<E>;
  private readonly pending: PendingEvents<P>;
  private readonly sequencer: Sequencer<E, P>;
  private readonly pollInterval: number;
  private readonly errorBackoff: Backoff;
  private readonly logger: EventxLogger | undefined;
  private readonly random: () => number;
  private readonly numbers: boolean;
  private conflicts = 0;
  /** How often a runner that does not number has looked since the last hint. */
  private looks = LOOKS_AFTER_HINT.length;
  private running = false;
  private readonly failures: Failures;

  /** @throws EventxOptionsError */
  constructor(
    private readonly storage: EventxStorage<E, P>,
    options: RunnerOptions = {},
    environment: RunnerEnvironment = {},
  ) {
    const resolved = resolveRunnerOptions(options);
    const { pollInterval, errorBackoff, batch, window, initialWindow, sequence } = resolved;
    this.pollInterval = pollInterval;
    this.errorBackoff = errorBackoff;
    this.logger = environment.logger;
    this.random = environment.random ?? Math.random;
    this.clock = environment.clock ?? systemClock;
    this.failures = new Failures(this.clock, this.logger);
    this.wakeUp = new WakeUp(this.clock);
    this.window = new RecentEvents<E>(window);
    const history = new History<E>(storage, { readCount: batch.largest, readBytes: batch.bytes });
    this.reader = new LogReader<E>(storage, this.window, history);
    const settings = { sizes: batch, initialWindow, numbers: sequence };
    this.numbers = sequence;
    const slowLooks = new SlowLooks(storage, this.clock, this.logger);
    this.pending = new PendingEvents<P>(storage, batch, this.clock, (ms) => slowLooks.looked(ms));
    const events = {
      truncated: (head: number, lastSeq: number) => {
        history.clear();
        this.logger?.error(
          `The log was truncated or replaced: this process had seen seq ${head}, the log now ends at ${lastSeq}. ` +
            `Every subscriber gets a LogTruncatedError.`,
        );
      },
    };
    this.sequencer = new Sequencer<E, P>(storage, this.window, settings, events, this.pending);
  }

  get status(): RunnerStatus {
    const { running } = this;
    const { count: failures, lastError, since: failingSince } = this.failures;
    const { head: lastSeq, waiting } = this.window;
    return { running, lastSeq, failures, lastError, failingSince, waiting };
  }

  /**
   * Runs until the signal aborts; resolves when the batch in hand is done. Errors of the database never end it: it tries again
   * with backoff, from a fresh read. It runs outside of the async context of its caller.
   * @throws EventxUsageError when this runner is running already; logged, too
   */
  run(signal: AbortSignal): Promise<void> {
    return this.running ? this.refuse() : outside(() => this.loop(signal));
  }

  /** Says that there may be new events. A hint: a lost one costs a poll interval, a needless one a cheap query. */
  signal(): void {
    this.looks = 0;
    this.wakeUp.ring();
  }

  /** A subscriber from `from` on. @throws EventxOptionsError */
  subscriber(options?: SubscriberOptions): EventxSubscriber<E> {
    return new EventxSubscriber<E>(this.reader, options);
  }

  /**
   * What the log has from a seq on, without waiting: out of memory near the head. Holes are the caller's to find.
   * @param limits most events and bytes; at least one event where there is one
   */
  read(from: number, limits: BatchLimits): Promise<readonly E[]> {
    return this.reader.read(from, limits);
  }

  /**
   * Resolves when this process has looked at the log for the first time, with its last sequence number: what is published from
   * then on is new to a subscriber from `'latest'`.
   * @throws the signal's reason, or EventxClosedError
   */
  ready(signal?: AbortSignal): Promise<number> {
    return this.reader.head(signal);
  }

  /** Where the log stands now, from the storage. */
  state(): Promise<LogState> {
    return this.storage.readState();
  }

  /**
   * Resolves when the log has come to `seq`, as far as this process knows; a log that was truncated meanwhile has to come there again.
   * @throws the signal's reason, or EventxClosedError
   */
  async reached(seq: number, signal?: AbortSignal): Promise<void> {
    while ((this.window.head ?? -1) < seq) await this.window.waitFor(seq, signal);
  }

  /**
   * Resolves when the log has an event behind `after`, or was truncated since the call: in either case it is worth a look.
   * @throws the signal's reason, or EventxClosedError
   */
  news(after: number, signal?: AbortSignal): Promise<void> {
    return this.window.waitFor(after + 1, signal);
  }

  /** For good: pending and later fetches that would wait reject with EventxClosedError, streams end. */
  close(): void {
    this.window.close();
  }

  private async loop(signal: AbortSignal): Promise<void> {
    this.running = true;
    try {
      void this.watch(signal);
      while (!signal.aborted) await this.round(signal);
    } finally {
      this.running = false;
      this.sequencer.invalidate();
    }
  }

  private async watch(signal: AbortSignal): Promise<void> {
    try {
      await this.storage.watch?.(() => this.signal(), signal);
    } catch (error) {
      // Against the contract, as a storage of the application's own may.
      this.logger?.warn(
        `The storage does not tell of new events any more; the poll finds them every ${this.pollInterval} ms: ${describeError(error)}`,
      );
    }
  }

  /** A call that nobody awaits is as common as one that somebody does, and no reason to end the process. */
  private refuse(): Promise<never> {
    const error = new EventxUsageError(
      'This runner is running already. The module starts it; set the option "run: false" to run it yourself.',
    );
    this.logger?.error(error.message);
    const refused = Promise.reject<never>(error);
    refused.catch(() => undefined);
    return refused;
  }

  private async round(signal: AbortSignal): Promise<void> {
    try {
      const begin = this.clock.now();
      const { head } = this.window;
      const next = await this.sequencer.step();
      this.failures.end();
      if (next === 'again') this.looks = LOOKS_AFTER_HINT.length;
      if (next === 'idle') {
        const count = this.window.head! - (head ?? this.window.head!);
        const rest = Math.max(restAfter(this.clock.now() - begin, count), this.restAfterSlowLook());
        if (rest > 0) await this.wakeUp.pause(rest, signal);
        await this.wakeUp.wait(this.untilNextLook(), signal);
      }
      this.conflicts = next === 'contended' ? this.conflicts + 1 : 0;
      if (next === 'contended') {
        const delay = backoffDelay(this.conflicts, CONTENTION, this.random());
        await this.wakeUp.pause(Math.max(delay, this.restAfterSlowLook()), signal);
      }
    } catch (error) {
      const delay = backoffDelay(this.failures.count + 1, this.errorBackoff, this.random());
      this.failures.add(error, delay);
      await this.wakeUp.pause(delay, signal);
    }
  }

  /** As long as the look was too long, so that slow looks take half of the time of one thread of the server at most. */
  private restAfterSlowLook(): number {
    return Math.min(this.pending.slowness, this.pollInterval);
  }

  private untilNextLook(): number {
    const soon = this.numbers ? undefined : LOOKS_AFTER_HINT[this.looks++];
    return Math.min(soon ?? this.pollInterval, this.pollInterval);
  }
}
