import type { SequencedEvent } from '../../event/event.js';
import { type ConsumerRun, leaseLost } from './consumer-run.js';
import { type Handled, handleEvents, type HandlerFailure } from './handle-events.js';
import type { Progress } from './progress.js';

/** How far a group of events came, durably. */
export interface Delivered {
  /** So many from the front are done with. */
  readonly done: number;
  readonly failure?: DeliveryFailure;
}

/** Which event failed, as an index into the group, and why. */
export interface DeliveryFailure extends HandlerFailure {
  readonly index: number;
}

/** Longest time between two writes of the offset, in ms: what a crash repeats at most, beside the event in hand. */
const CHECKPOINT_MS = 500;
/** How long a transaction takes in further events, in ms. A commit costs as much as many small handlers; row locks are held meanwhile. */
const TRANSACTION_MS = 20;

/**
 * Calls the handlers for a group of events and keeps that they were handled.
 * @param attempt of the first event; the others are at their first
 * @throws LeaseLostError, the reason of the abort, or what the store throws; never what a handler throws
 */
export function deliver<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
  progress: Progress<E, M>,
  events: readonly E[],
  attempt: number,
): Promise<Delivered> {
  const how = run.consumer.options.transactional ? inTransaction : beforeOffset;
  return how(run, progress, events, attempt);
}

/** First the handler, then the offset: at least once. One write of the offset covers many events. */
async function beforeOffset<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
  progress: Progress<E, M>,
  events: readonly E[],
  attempt: number,
): Promise<Delivered> {
  const { done, failure } = await handleEvents(run.consumer, events, {
    // Only transactional handlers have one.
    manager: undefined as M,
    attempt,
    abort: run.abort,
    calls: run.calls,
    mayGoOn: within(run, CHECKPOINT_MS),
  });
  run.abort.throwIfAborted();
  if (done > 0) await progress.advance(events.slice(0, done));
  return failure ? { done, failure: { ...failure, index: done } } : { done };
}

/**
 * Handlers and offset in one transaction: exactly once, in effect. Several events share a transaction while it is young; if one
 * fails, all of them are rolled back.
 */
async function inTransaction<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
  progress: Progress<E, M>,
  events: readonly E[],
  attempt: number,
): Promise<Delivered> {
  // Not AbortSignal.any: Node keeps a trace of each such signal for as long as its source lives.
  const breakOff = new AbortController();
  const onAbort = () => breakOff.abort();
  run.abort.addEventListener('abort', onAbort);
  let handled: Handled = { done: 0 };
  let lost = false;
  try {
    await run.store.atomically(async (unit) => {
      handled = await handleEvents(run.consumer, events, {
        manager: unit.manager,
        attempt,
        abort: run.abort,
        calls: run.calls,
        mayGoOn: within(run, TRANSACTION_MS),
      });
      if (handled.failure) {
        // Part of a handler that failed, or outlived its bounds, may still be writing; then a rollback is not enough.
        breakOff.abort();
        return false;
      }
      lost = !(await progress.record(unit, events.slice(0, handled.done)));
      return !lost;
    }, breakOff.signal);
  } finally {
    run.abort.removeEventListener('abort', onAbort);
  }

  run.abort.throwIfAborted();
  if (lost) throw leaseLost(run.lease);
  const { done, failure } = handled;
  if (failure) return { done: 0, failure: { ...failure, index: done } };
  progress.committed(events.slice(0, done));
  return { done };
}

/** Whether another event is to be taken up, asked before each. */
function within<E extends SequencedEvent, M>(run: ConsumerRun<E, M>, ms: number): () => boolean {
  const end = run.clock.now() + ms;
  return () => run.clock.now() < end && !run.stop.aborted;
}
