import type { SequencedEvent } from '../../event/event.js';
import type { FailedAttempt } from '../../storage/index.js';
import { describeError } from '../../util/logger.js';
import { type NextStep, nextStep, type RetryPolicy } from '../definition/retry-policy.js';
import { describeCall } from './handler-call.js';

/** What a worker remembers between two deliveries. */
export interface WorkerState {
  /** The event that failed and is not done with; null when there is none. */
  readonly failed: FailedEvent | null;
  /** Up to this seq events are delivered one at a time, to find the one that fails. */
  readonly aloneUntil: number;
}

/** An event that failed, and what follows. */
export interface FailedEvent {
  readonly seq: number;
  readonly attempts: number;
  /** The last few of them, oldest first. */
  readonly failures: readonly FailedAttempt[];
  /** Which handler failed last, and at what, for people. */
  readonly call: string;
  readonly next: NextStep;
  /** When it may be tried again, on the clock, in ms. */
  readonly retryAt: number;
}

/** What a worker does next. */
export type Action<E> =
  | {
      readonly kind: 'deliver';
      readonly events: readonly E[];
      /** Of the first event; the others are at their first. */
      readonly attempt: number;
      /** On the clock, in ms. */
      readonly notBefore: number;
    }
  | { readonly kind: 'park'; readonly event: E; readonly failed: FailedEvent }
  /** Behind a dead letter of its key. */
  | { readonly kind: 'park-behind'; readonly event: E }
  | { readonly kind: 'halt'; readonly failed: FailedEvent };

/** A delivery that failed. */
export interface Failure {
  /** The events that may be the cause: one, or all that a batch handler was given. */
  readonly suspects: readonly SequencedEvent[];
  readonly handler: string;
  readonly error: unknown;
  /** When it failed, for people: ISO 8601. */
  readonly at: string;
  /** When it failed, on the clock, in ms. */
  readonly now: number;
}

export const NOTHING_FAILED: WorkerState = { failed: null, aloneUntil: 0 };

/** Failures remembered per event. */
const HISTORY = 20;

/**
 * What to do with the events that come next. An event that failed comes first until it is done with.
 * @param events never empty
 * @param isBlocked whether an event has to wait behind a dead letter of its key
 */
export function decide<E extends SequencedEvent>(
  state: WorkerState,
  events: readonly E[],
  isBlocked: (event: E) => boolean,
): Action<E> {
  const event = events[0]!;
  if (isBlocked(event)) return { kind: 'park-behind', event };
  const { failed } = state;
  if (failed?.seq !== event.seq) {
    return {
      kind: 'deliver',
      events: groupOf(state, events, isBlocked),
      attempt: 1,
      notBefore: 0,
    };
  }
  if (failed.next.action === 'halt') return { kind: 'halt', failed };
  if (failed.next.action !== 'retry') return { kind: 'park', event, failed };
  const { attempts, retryAt } = failed;
  return { kind: 'deliver', events: [event], attempt: attempts + 1, notBefore: retryAt };
}

/**
 * What a worker remembers after a delivery that failed. Where several events may be the cause it counts as an attempt of none: each is
 * then delivered alone.
 * @param random a number in [0, 1)
 */
export function afterFailure(
  state: WorkerState,
  { suspects, handler, error, at, now }: Failure,
  policy: RetryPolicy,
  random: number,
): WorkerState {
  const aloneUntil = suspects.at(-1)!.seq;
  if (suspects.length > 1) return { ...state, aloneUntil };
  const event = suspects[0]!;
  const before = state.failed?.seq === event.seq ? state.failed : null;
  const attempts = (before?.attempts ?? 0) + 1;
  const next = nextStep(policy, attempts, error, random);
  const failure = { at, error: describeError(error), handler, attempt: attempts };
  const failed: FailedEvent = {
    seq: event.seq,
    attempts,
    failures: [...(before?.failures ?? []), failure].slice(-HISTORY),
    call: describeCall({ handler, event, count: 1, attempt: attempts }),
    next,
    retryAt: now + (next.action === 'retry' ? next.delayMs : 0),
  };
  return { failed, aloneUntil };
}

/** The events to deliver together: one that failed, or is blocked, begins the next group. */
function groupOf<E extends SequencedEvent>(
  { failed, aloneUntil }: WorkerState,
  events: readonly E[],
  isBlocked: (event: E) => boolean,
): readonly E[] {
  if (events[0]!.seq <= aloneUntil) return events.slice(0, 1);
  const end = events.findIndex(
    (event, index) => index > 0 && (event.seq === failed?.seq || isBlocked(event)),
  );
  return end < 0 ? events : events.slice(0, end);
}
