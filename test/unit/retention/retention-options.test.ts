import { describe, expect, test } from '@jest/globals';

import {
  type RetentionOptions,
  resolveRetentionOptions,
} from '../../../lib/retention/retention-options.js';

const resolve = (options: unknown) => resolveRetentionOptions(options as RetentionOptions);

describe('the options of retention', () => {
  test('have defaults, and a long first wait after an error is one of them', () => {
    expect(resolve({})).toMatchObject({ maxAge: null, ignoreConsumers: false });
    expect(resolve({ errorBackoff: { initial: 90_000 } }).errorBackoff).toEqual({
      initial: 90_000,
      max: 90_000,
    });
  });

  test('null is none: it never means that everything is too old', () => {
    expect(resolve({ maxAge: null, cron: null, interval: null })).toMatchObject({
      maxAge: null,
      schedule: { interval: 60_000 },
    });
  });

  test.each([
    [
      { ignoreConsumers: 'false' },
      /"retention.ignoreConsumers" must be true or false, but is "false"/,
    ],
    [{ cron: 5 }, /"retention.cron" must be a cron expression/],
    [{ maxAge: '30d' }, /"retention.maxAge" must be a whole number.*but is "30d"/],
    [{ errorBackoff: 1000 }, /retention.errorBackoff: must be an object/],
    ['1d', /"retention": must be an object/],
  ])('%j is refused', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });
});
