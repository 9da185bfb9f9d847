import { describe, expect, test } from '@jest/globals';

import { nextStep, type RetryPolicy } from '../../../lib/consumer/definition/retry-policy.js';
import { EventDecodeError, NonRetryableError } from '../../../lib/errors.js';

const POLICY: RetryPolicy = {
  attempts: 3,
  backoff: { initial: 100, max: 250 },
  retryIf: () => true,
  afterRetries: 'park',
};

describe('what follows a failure', () => {
  test.each([
    [1, 0, { action: 'retry', delayMs: 50 }],
    [1, 0.999, { action: 'retry', delayMs: 100 }],
    [2, 0, { action: 'retry', delayMs: 100 }],
    [3, 0, { action: 'park' }],
    [4, 0, { action: 'park' }],
  ])('attempt %d, with the random number %d', (attempt, random, verdict) => {
    expect(nextStep(POLICY, attempt, new Error('x'), random)).toEqual(verdict);
  });

  test('without a limit, always another attempt, and never a longer wait than the limit', () => {
    const patient = { ...POLICY, attempts: Infinity };
    expect(nextStep(patient, 1e6, new Error('x'), 0.999)).toEqual({
      action: 'retry',
      delayMs: 250,
    });
  });

  test.each([new NonRetryableError('x'), new EventDecodeError('x')])(
    'at once the last one: %p',
    (error) => {
      expect(nextStep(POLICY, 1, error, 0)).toEqual({ action: 'park' });
    },
  );

  test('retryIf decides about the others', () => {
    const picky = { ...POLICY, retryIf: (error: unknown) => !(error instanceof TypeError) };
    expect(nextStep(picky, 1, new TypeError('x'), 0)).toEqual({ action: 'park' });
    expect(nextStep(picky, 1, new Error('x'), 0)).toMatchObject({ action: 'retry' });
  });
});
