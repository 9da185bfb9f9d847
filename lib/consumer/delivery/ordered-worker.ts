import { describeError } from '../../util/logger.js';
import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import { pause } from '../../util/pause.js';
import { describeStack } from '../../util/stack.js';
import type { FailedAttempt } from '../../storage/index.js';
import { type ConsumerRun, leaseLost } from './consumer-run.js';
import type { Deliver } from './deliver.js';
import type { HandlerFailure } from './handle-events.js';
import { describeCall } from './handler-call.js';
import { ConsumerHaltedError } from '../../errors.js';
import type { Progress } from './progress.js';
import { nextStep, type NextStep } from '../definition/retry-policy.js';

/** An event that failed and is not done with. */
interface Trouble {
  readonly seq: number;
  /** Which handler failed, at what, the last time. */
  readonly call: string;
  readonly failures: readonly FailedAttempt[];
  readonly attempts: number;
  readonly verdict: NextStep;
  /** On the run's clock, in ms. */
  readonly retryAt: number;
}

/** Failures remembered per event: the last ones. */
const HISTORY = 20;

/**
 * Works through events strictly in order: an event that fails is tried again before any later one is looked at, until it is done
 * with one way or the other. One for each lane.
 */
export class OrderedWorker<E extends SequencedEvent, M> {
  private trouble: Trouble | null = null;
  /** Up to this seq events are delivered one at a time, to find the one that fails. */
  private aloneUntil = 0;

  /** @param blocked keys that have dead letters; shared by the lanes of a run */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    private readonly deliver: Deliver<E>,
    private readonly progress: Progress<E, M>,
    private readonly blocked: Set<string>,
  ) {}

  /**
   * Is done with all events, or was told to stop.
   * @throws ConsumerHaltedError, LeaseLostError, the reason of the abort, or what the store throws
   */
  async process(events: readonly E[]): Promise<void> {
    let done = 0;
    while (done < events.length && !this.run.stop.aborted) {
      this.run.abort.throwIfAborted();
      done += await this.step(done === 0 ? events : events.slice(done));
    }
  }

  /** @returns how many events from the front are done with */
  private async step(events: readonly E[]): Promise<number> {
    const head = events[0]!;
    if (this.isBlocked(head) && (await this.parkBehind(head))) return 1;

    const trouble = this.trouble?.seq === head.seq ? this.trouble : null;
    if (trouble) {
      if (trouble.verdict.action === 'halt') throw this.halted(trouble);
      if (trouble.verdict.action !== 'retry') return this.park(head, trouble);
      await pause(trouble.retryAt - this.run.clock.now(), this.run.clock, this.run.stop);
      if (this.run.stop.aborted) return 0;
    }
    const group = this.groupOf(events);
    const { done, failure } = await this.deliver(group, (trouble?.attempts ?? 0) + 1);
    if (trouble && done > 0) await this.recovered();
    if (failure) await this.failed(group, failure.index, failure);
    return done;
  }

  private groupOf(events: readonly E[]): readonly E[] {
    if (events[0]!.seq <= this.aloneUntil) return events.slice(0, 1);
    const end = events.findIndex(
      (event, index) => index > 0 && (event.seq === this.trouble?.seq || this.isBlocked(event)),
    );
    return end < 0 ? events : events.slice(0, end);
  }

  private async failed(
    group: readonly E[],
    index: number,
    { error, handler }: HandlerFailure,
  ): Promise<void> {
    const { run } = this;
    const event = group[index]!;
    this.aloneUntil = event.seq;
    const text = describeError(error);
    const consumer = `Consumer "${run.consumer.name}"`;
    if (run.consumer.options.batch && group.length > 1) {
      // Any of them can be the culprit, so this counts as an attempt of none.
      this.aloneUntil = group.at(-1)!.seq;
      const call = describeCall({ handler, event, count: group.length, attempt: 1 });
      run.logger.error(
        `${consumer}: ${call} failed; its ${group.length} events are tried again one at a time: ${text}`,
        describeStack(error),
      );
      return;
    }
    const before = this.trouble?.seq === event.seq ? this.trouble : null;
    const attempts = (before?.attempts ?? 0) + 1;
    const verdict = nextStep(run.consumer.options.retry, attempts, error, run.random());
    const failure = { at: new Date().toISOString(), error: text, handler, attempt: attempts };
    const call = describeCall({ handler, event, count: 1, attempt: attempts });
    this.trouble = {
      seq: event.seq,
      call,
      attempts,
      verdict,
      failures: [...(before?.failures ?? []), failure].slice(-HISTORY),
      retryAt: run.clock.now() + (verdict.action === 'retry' ? verdict.delayMs : 0),
    };
    const next = verdict.action === 'retry' ? `next in ${verdict.delayMs} ms` : verdict.action;
    const message = `${consumer}: ${call} failed (${next}): ${text}`;
    // Where it comes from is said once; it would be the same again and again.
    if (before) run.logger.warn(message);
    else run.logger.error(message, describeStack(error));
    await run.store.report(run.lease, message);
  }

  private async recovered(): Promise<void> {
    this.trouble = null;
    await this.run.store.report(this.run.lease, null);
  }

  private halted({ seq, call, attempts, failures }: Trouble): ConsumerHaltedError {
    const { name } = this.run.consumer;
    return new ConsumerHaltedError(
      `Consumer "${name}" halted at seq ${seq} after ${attempts} attempt(s): ${failures.at(-1)!.error}. Last was ${call}. Nothing is ` +
        `lost: mend the cause, then consumers.resume('${name}').`,
    );
  }

  private async park(event: E, { call, failures, attempts, verdict }: Trouble): Promise<number> {
    const { store, lease, logger, consumer } = this.run;
    const recorded = await store.atomically(async (unit) => {
      await unit.park(lease, [{ event, reason: 'failed', attempts, failures }]);
      return this.progress.recordParked(unit, event);
    }, this.run.abort);
    if (!recorded) throw this.lost();
    const { key } = envelopeOf(event);
    if (verdict.action === 'park-key' && key !== null) this.blocked.add(key);
    logger.error(
      `Consumer "${consumer.name}": event ${event.seq} was parked in the dead letters after ${attempts} attempt(s), the last ` +
        `${call}${verdict.action === 'park-key' && key !== null ? '; later events of its key wait behind it' : ''}.`,
    );
    this.progress.committed([event]);
    await this.recovered();
    return 1;
  }

  /** Not an event that no handler takes: there is nothing to wait for. */
  private isBlocked(event: E): boolean {
    if (this.blocked.size === 0 || this.run.consumer.handlersOf(event).length === 0) return false;
    const { key } = envelopeOf(event);
    return key !== null && this.blocked.has(key);
  }

  /** @returns false when the dead letters of the key are gone, so that the event is to be handled like any other */
  private async parkBehind(event: E): Promise<boolean> {
    const { store, lease } = this.run;
    const key = envelopeOf(event).key!;
    let free = false;
    const recorded = await store.atomically(async (unit) => {
      free = !(await unit.isBlocked(lease, key));
      if (free) return false;
      await unit.park(lease, [{ event, reason: 'blocked', attempts: 0, failures: [] }]);
      return this.progress.recordParked(unit, event);
    }, this.run.abort);
    if (free) this.blocked.delete(key);
    else if (!recorded) throw this.lost();
    else this.progress.committed([event]);
    return !free;
  }

  private lost(): Error {
    this.run.abort.throwIfAborted();
    return leaseLost(this.run.lease);
  }
}
