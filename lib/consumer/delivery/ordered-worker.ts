import { ConsumerHaltedError } from '../../errors.js';
import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import type { NewDeadLetter } from '../../storage/index.js';
import { describeError } from '../../util/logger.js';
import { pause } from '../../util/pause.js';
import { describeStack } from '../../util/stack.js';
import { type ConsumerRun, leaseLost } from './consumer-run.js';
import { type Action, afterFailure, decide, type FailedEvent, NOTHING_FAILED } from './decide.js';
import { deliver, type DeliveryFailure } from './deliver.js';
import { describeCall } from './handler-call.js';
import type { Progress } from './progress.js';

/**
 * Works through events strictly in order: one that fails is tried again before any later one is looked at, until it is done with one
 * way or the other. What comes next is decided by `decide`; here it is done, and said.
 */
export class OrderedWorker<E extends SequencedEvent, M> {
  private state = NOTHING_FAILED;

  /** @param blocked keys that have dead letters; shared by the workers of a run */
  constructor(
    private readonly run: ConsumerRun<E, M>,
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
  private step(events: readonly E[]): Promise<number> {
    const action = decide(this.state, events, this.isBlocked);
    switch (action.kind) {
      case 'deliver':
        return this.deliver(action);
      case 'park':
        return this.park(action.event, action.failed);
      case 'park-behind':
        return this.parkBehind(action.event);
      case 'halt':
        throw this.halted(action.failed);
    }
  }

  private async deliver({
    events,
    attempt,
    notBefore,
  }: Extract<Action<E>, { kind: 'deliver' }>): Promise<number> {
    const { run, progress } = this;
    const isAgain = attempt > 1;
    if (isAgain) await pause(notBefore - run.clock.now(), run.clock, run.stop);
    if (isAgain && run.stop.aborted) return 0;
    const { done, failure } = await deliver(run, progress, events, attempt);
    if (isAgain && done > 0) await this.recovered();
    if (failure) await this.failed(events, failure);
    return done;
  }

  private async failed(
    group: readonly E[],
    { index, error, handler }: DeliveryFailure,
  ): Promise<void> {
    const { consumer, logger, clock, random, store, lease } = this.run;
    const { batch, retry } = consumer.options;
    const event = group[index]!;
    const suspects = batch ? group : [event];
    const before = this.state.failed;
    const moment = { at: new Date().toISOString(), now: clock.now() };
    this.state = afterFailure(this.state, { suspects, handler, error, ...moment }, retry, random());
    const where = `Consumer "${consumer.name}"`;
    if (suspects.length > 1) {
      const call = describeCall({ handler, event, count: group.length, attempt: 1 });
      logger.error(
        `${where}: ${call} failed; its ${group.length} events are tried again one at a time: ${describeError(error)}`,
        describeStack(error),
      );
      return;
    }
    const { call, next } = this.state.failed!;
    const then = next.action === 'retry' ? `next in ${next.delayMs} ms` : next.action;
    const message = `${where}: ${call} failed (${then}): ${describeError(error)}`;
    // Where it comes from is said once; it would be the same again and again.
    if (before?.seq === event.seq) logger.warn(message);
    else logger.error(message, describeStack(error));
    await store.report(lease, message);
  }

  private async recovered(): Promise<void> {
    this.state = { ...this.state, failed: null };
    await this.run.store.report(this.run.lease, null);
  }

  private halted({ seq, call, attempts, failures }: FailedEvent): ConsumerHaltedError {
    const { name } = this.run.consumer;
    return new ConsumerHaltedError(
      `Consumer "${name}" halted at seq ${seq} after ${attempts} attempt(s): ${failures.at(-1)!.error}. Last was ${call}. Nothing is ` +
        `lost: mend the cause, then consumers.resume('${name}').`,
    );
  }

  private async park(event: E, { call, failures, attempts, next }: FailedEvent): Promise<number> {
    const { store, lease, logger, consumer } = this.run;
    const letter: NewDeadLetter<E> = { event, reason: 'failed', attempts, failures };
    const recorded = await store.atomically(async (unit) => {
      await unit.park(lease, [letter]);
      return this.progress.record(unit, [event]);
    }, this.run.abort);
    if (!recorded) throw this.lost();
    const { key } = envelopeOf(event);
    const blocks = next.action === 'park-key' && key !== null;
    if (blocks) this.blocked.add(key);
    logger.error(
      `Consumer "${consumer.name}": event ${event.seq} was parked in the dead letters after ${attempts} attempt(s), the last ` +
        `${call}${blocks ? '; later events of its key wait behind it' : ''}.`,
    );
    this.progress.committed([event]);
    await this.recovered();
    return 1;
  }

  /** @returns 0 when the dead letters of the key are gone, so that the event is to be handled like any other */
  private async parkBehind(event: E): Promise<number> {
    const { store, lease } = this.run;
    const key = envelopeOf(event).key!;
    const letter: NewDeadLetter<E> = { event, reason: 'blocked', attempts: 0, failures: [] };
    let free = false;
    const recorded = await store.atomically(async (unit) => {
      free = !(await unit.isBlocked(lease, key));
      if (free) return false;
      await unit.park(lease, [letter]);
      return this.progress.record(unit, [event]);
    }, this.run.abort);
    if (free) {
      this.blocked.delete(key);
      return 0;
    }
    if (!recorded) throw this.lost();
    this.progress.committed([event]);
    return 1;
  }

  /** Not an event that no handler takes: there is nothing to wait for. */
  private readonly isBlocked = (event: E): boolean => {
    if (this.blocked.size === 0 || this.run.consumer.handlersOf(event).length === 0) return false;
    const { key } = envelopeOf(event);
    return key !== null && this.blocked.has(key);
  };

  private lost(): Error {
    this.run.abort.throwIfAborted();
    return leaseLost(this.run.lease);
  }
}
