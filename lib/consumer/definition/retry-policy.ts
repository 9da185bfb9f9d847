import { type Backoff, backoffDelay } from '../../util/backoff.js';
import { EventDecodeError, NonRetryableError } from '../../errors.js';

/** What happens to an event that failed for the last time. */
export type AfterRetries = 'halt' | 'park' | 'park-key';

export interface RetryPolicy {
  /** How often an event is tried in all; may be Infinity. */
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly retryIf: (error: unknown) => boolean;
  readonly afterRetries: AfterRetries;
}

export type NextStep =
  { readonly action: 'retry'; readonly delayMs: number } | { readonly action: AfterRetries };

/**
 * What to do after a failure.
 * @param attempt which attempt failed, from 1
 * @param random a number in [0, 1)
 */
export function nextStep(
  policy: RetryPolicy,
  attempt: number,
  error: unknown,
  random: number,
): NextStep {
  const hopeless =
    error instanceof NonRetryableError ||
    error instanceof EventDecodeError ||
    !policy.retryIf(error);
  if (hopeless || attempt >= policy.attempts) return { action: policy.afterRetries };
  return { action: 'retry', delayMs: backoffDelay(attempt, policy.backoff, random) };
}
