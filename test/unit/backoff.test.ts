import { describe, expect, test } from '@jest/globals';

import { backoffDelay, resolveBackoff } from '../../lib/util/backoff.js';
import { range } from '../support/stored-events.js';

const BACKOFF = { initial: 100, max: 5000 };
const longest = (attempt: number) => backoffDelay(attempt, BACKOFF, 0.999_999);
const shortest = (attempt: number) => backoffDelay(attempt, BACKOFF, 0);

describe('the wait after a failure', () => {
  test('doubles with every failure, up to the maximum', () => {
    expect(range(1, 8).map(longest)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('is at least half as long: rivals that failed together come back apart, but not at once', () => {
    expect(range(1, 8).map(shortest)).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500]);
  });

  test('stays at the maximum after any number of failures', () => {
    expect([31, 1000, 1e9].map(longest)).toEqual([5000, 5000, 5000]);
  });
});

describe('the options of the wait', () => {
  test('have defaults, of which a large first wait raises the maximum', () => {
    expect(resolveBackoff('errorBackoff')).toEqual({ initial: 100, max: 5000 });
    expect(resolveBackoff('errorBackoff', { initial: 8000 })).toEqual({ initial: 8000, max: 8000 });
  });

  test('of each kind have their own, and what is not given never contradicts what is', () => {
    const defaults = { initial: 1000, max: 60_000 };
    const resolve = (options?: object) => resolveBackoff('backoff', options, defaults);
    expect(resolve()).toEqual(defaults);
    expect(resolve({ max: undefined })).toEqual(defaults);
    expect(resolve({ initial: 90_000 })).toEqual({ initial: 90_000, max: 90_000 });
    expect(resolve({ max: 20 })).toEqual({ initial: 20, max: 20 });
    expect(() => resolve({ initial: 500, max: 20 })).toThrow(/"backoff.max" \(20\) must not/);
  });

  test.each([1000, null, '1s', [1, 2]])('%j is no backoff', (options) => {
    expect(() => resolveBackoff('backoff', options as object)).toThrow(
      /backoff: must be an object with some of initial, max/,
    );
  });

  test('a wrong maximum is named, not what follows from it', () => {
    expect(() => resolveBackoff('backoff', { max: '5s' } as object)).toThrow(
      /"backoff.max" must be a whole number of at least 1, but is "5s"/,
    );
  });

  test('are refused by the name they were given under', () => {
    expect(() => resolveBackoff('errorBackoff', { initial: 0 })).toThrow(
      /"errorBackoff.initial" must be a whole number of at least 1, but is 0/,
    );
    expect(() => resolveBackoff('errorBackoff', { initial: 100, max: 99 })).toThrow(
      /"errorBackoff.max" \(99\) must not be smaller/,
    );
    expect(() => resolveBackoff('errorBackoff', { factor: 3 } as object)).toThrow(
      /errorBackoff: unknown option "factor". Known options: initial, max/,
    );
  });
});
