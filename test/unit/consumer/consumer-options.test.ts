import { describe, expect, test } from '@jest/globals';

import {
  type ConsumerOptions,
  resolveConsumerOptions,
} from '../../../lib/consumer/definition/consumer-options.js';
import { EventxOptionsError } from '../../../lib/errors.js';

const resolve = (options: unknown) => resolveConsumerOptions('mailer', options as ConsumerOptions);

describe('the options of a consumer', () => {
  test('all have defaults', () => {
    expect(resolve({})).toEqual({
      startFrom: 'latest',
      transactional: false,
      batch: false,
      concurrency: 1,
      limits: { count: 256, bytes: 2 * 1024 * 1024 },
      timeout: 0,
      retry: {
        attempts: Infinity,
        backoff: { initial: 100, max: 30_000 },
        retryIf: expect.any(Function),
        afterRetries: 'halt',
      },
      onTruncated: 'halt',
      onLost: 'halt',
    });
  });

  test('a long first wait raises the longest one', () => {
    const { backoff } = resolve({ retry: { backoff: { initial: 60_000 } } }).retry;
    expect(backoff).toEqual({ initial: 60_000, max: 60_000 });
  });

  test.each(['park', 'park-key'])(
    "'%s' without a number of attempts would never park anything",
    (afterRetries) => {
      const message = new RegExp(
        `Consumer "mailer": afterRetries '${afterRetries}' needs "retry.attempts".*NonRetryableError`,
      );
      expect(() => resolve({ afterRetries })).toThrow(message);
      expect(() => resolve({ afterRetries, retry: { retryIf: () => false } })).toThrow(message);
      expect(resolve({ afterRetries, retry: { attempts: 2 } }).retry.attempts).toBe(2);
      expect(resolve({ afterRetries, retry: { attempts: Infinity } }).retry.attempts).toBe(
        Infinity,
      );
    },
  );

  test.each([
    [{ concurrency: '4' }, /option "concurrency" must be a whole number.*but is "4"/],
    [{ concurrency: 0 }, /option "concurrency" must be/],
    [{ timeout: NaN }, /option "timeout" must be a whole number.*but is NaN/],
    [{ timeout: '5s' }, /option "timeout" must be/],
    [{ fetchLimit: '10' }, /option "fetchLimit" must be/],
    [{ sizeLimit: 1.5 }, /option "sizeLimit" must be/],
    [{ transactional: 'false' }, /option "transactional" must be true or false, but is "false"/],
    [{ batch: 1 }, /option "batch" must be true or false/],
    [{ startFrom: new Date('nonsense') }, /option "startFrom" must be/],
    [{ startFrom: '2026-01-01' }, /option "startFrom" must be/],
    [{ afterRetries: true }, /option "afterRetries" must be 'halt'/],
    [{ onLost: 'skip' }, /option "onLost" must be/],
    [{ onTruncated: 1 }, /option "onTruncated" must be/],
    [{ retry: 3 }, /retry: must be an object with some of attempts, backoff, retryIf/],
    [{ retry: { attempts: '3' } }, /option "retry.attempts" must be.*The default is Infinity/],
    [{ retry: { backoff: 1000 } }, /retry.backoff: must be an object/],
    [{ retry: { backoff: { initial: '1s' } } }, /option "retry.backoff.initial" must be/],
    [{ retry: { retryIf: true } }, /option "retry.retryIf" must be a function.*boolean/],
    [
      { retry: { retryIf: async () => Promise.resolve(false) } },
      /option "retry.retryIf" must be a function that answers.*at once, but is async/,
    ],
  ])('%j is refused, and the consumer named', (options, message) => {
    expect(() => resolve(options)).toThrow(EventxOptionsError);
    expect(() => resolve(options)).toThrow(message);
    expect(() => resolve(options)).toThrow(/^Consumer "mailer"/);
  });

  test.each([[[]], ['fast'], [7]])('%j are no options', (options) => {
    expect(() => resolve(options)).toThrow(/Consumer "mailer": must be an object/);
  });
});
