import { describe, expect, test } from '@jest/globals';

import type { RetryPolicy } from '../../../lib/consumer/definition/retry-policy.js';
import {
  afterFailure,
  decide,
  type Failure,
  NOTHING_FAILED,
  type WorkerState,
} from '../../../lib/consumer/delivery/decide.js';
import { NonRetryableError } from '../../../lib/errors.js';
import { eventAt, eventsFrom, range, seqsOf } from '../../support/stored-events.js';

const POLICY: RetryPolicy = {
  attempts: 3,
  backoff: { initial: 100, max: 1000 },
  retryIf: () => true,
  afterRetries: 'park',
};
const NOW = 5000;
const ALL_FREE = () => false;

const failing = (seqs: readonly number[], error: unknown = new Error('no luck')): Failure => ({
  suspects: seqs.map(eventAt),
  handler: 'Mailer.send',
  error,
  at: '2024-05-06T07:08:09.000Z',
  now: NOW,
});
/** What a worker remembers after an event failed so many times. */
const failed = (seq: number, times: number, policy = POLICY): WorkerState =>
  range(1, times).reduce(
    (state) => afterFailure(state, failing([seq]), policy, 0.999),
    NOTHING_FAILED,
  );

describe('what a worker does next', () => {
  test('delivers all events together where nothing has failed', () => {
    const events = eventsFrom(4, 9);
    expect(decide(NOTHING_FAILED, events, ALL_FREE)).toEqual({
      kind: 'deliver',
      events,
      attempt: 1,
      notBefore: 0,
    });
  });

  test('tries an event that failed again, alone, and not before its time', () => {
    const events = eventsFrom(4, 9);
    expect(decide(failed(4, 1), events, ALL_FREE)).toEqual({
      kind: 'deliver',
      events: events.slice(0, 1),
      attempt: 2,
      notBefore: NOW + 100,
    });
    expect(decide(failed(4, 2), events, ALL_FREE)).toMatchObject({
      attempt: 3,
      notBefore: NOW + 200,
    });
  });

  test.each(['park', 'park-key'] as const)('parks it after the last attempt (%s)', (policy) => {
    const state = failed(4, 3, { ...POLICY, afterRetries: policy });
    const action = decide(state, eventsFrom(4, 9), ALL_FREE);
    expect(action).toEqual({ kind: 'park', event: eventAt(4), failed: state.failed });
    expect(state.failed!.next).toEqual({ action: policy });
  });

  test('or halts, and goes no further however often it is asked', () => {
    const state = failed(4, 3, { ...POLICY, afterRetries: 'halt' });
    for (let times = 0; times < 2; times++) {
      const action = decide(state, eventsFrom(4, 9), ALL_FREE);
      expect(action).toEqual({ kind: 'halt', failed: state.failed });
    }
  });

  test('parks an event behind a dead letter of its key, even one that failed', () => {
    for (const state of [NOTHING_FAILED, failed(4, 1)]) {
      const action = decide(state, eventsFrom(4, 9), ({ seq }) => seq === 4);
      expect(action).toEqual({ kind: 'park-behind', event: eventAt(4) });
    }
  });

  test('delivers what comes before an event that is blocked, or that failed, without it', () => {
    const before = (state: WorkerState, isBlocked: (event: { seq: number }) => boolean) => {
      const action = decide(state, eventsFrom(4, 9), isBlocked);
      return action.kind === 'deliver' && seqsOf(action.events);
    };
    expect(before(NOTHING_FAILED, ({ seq }) => seq >= 7)).toEqual([4, 5, 6]);
    const { failed: sixth } = failed(6, 1);
    expect(before({ failed: sixth, aloneUntil: 0 }, ALL_FREE)).toEqual([4, 5]);
  });

  test('delivers events one at a time up to the last one that may have failed', () => {
    const state: WorkerState = { failed: null, aloneUntil: 5 };
    const next = (from: number) => {
      const action = decide(state, eventsFrom(from, 9), ALL_FREE);
      return action.kind === 'deliver' && seqsOf(action.events);
    };
    expect(next(4)).toEqual([4]);
    expect(next(5)).toEqual([5]);
    expect(next(6)).toEqual([6, 7, 8, 9]);
  });
});

describe('what a worker remembers of a failure', () => {
  test('which event, how often, why, at what, and when to try again', () => {
    expect(failed(4, 1)).toEqual({
      aloneUntil: 4,
      failed: {
        seq: 4,
        attempts: 1,
        failures: [
          { at: '2024-05-06T07:08:09.000Z', error: 'no luck', handler: 'Mailer.send', attempt: 1 },
        ],
        call: 'handler Mailer.send, seq 4 (id 1004), attempt 1',
        next: { action: 'retry', delayMs: 100 },
        retryAt: NOW + 100,
      },
    });
  });

  test('a failure of several events counts as an attempt of none', () => {
    const state = afterFailure(NOTHING_FAILED, failing([4, 5, 6]), POLICY, 0);
    expect(state).toEqual({ failed: null, aloneUntil: 6 });
    const again = afterFailure(state, failing([5]), POLICY, 0);
    expect(again.failed).toMatchObject({ seq: 5, attempts: 1 });
  });

  test('the attempts of one event are not those of the next', () => {
    const state = afterFailure(failed(4, 2), failing([5]), POLICY, 0);
    expect(state.failed).toMatchObject({ seq: 5, attempts: 1 });
    expect(state.failed!.failures).toHaveLength(1);
  });

  test('of many failures only the last ones are kept', () => {
    const { attempts, failures } = failed(4, 50, { ...POLICY, attempts: Infinity }).failed!;
    expect(attempts).toBe(50);
    expect(failures.map(({ attempt }) => attempt)).toEqual(range(31, 50));
  });

  test('an error that no attempt can mend is the last one', () => {
    const error = new NonRetryableError('never');
    const state = afterFailure(NOTHING_FAILED, failing([4], error), POLICY, 0.5);
    expect(state.failed).toMatchObject({ attempts: 1, next: { action: 'park' }, retryAt: NOW });
  });
});
