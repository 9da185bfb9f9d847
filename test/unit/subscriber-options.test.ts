import { describe, expect, test } from '@jest/globals';
import { EventxOptionsError, EventxRunner, type SubscriberOptions } from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

import { resolveSubscriberOptions } from '../../lib/log/subscriber-options.js';

const runner = new EventxRunner(new InMemoryEventStorage());

describe('the options of a subscriber', () => {
  test('all have defaults', () => {
    expect(resolveSubscriberOptions()).toEqual({
      from: 'latest',
      limits: { count: 256, bytes: 2 * 1024 * 1024 },
    });
  });

  test('take any sequence number there will ever be', () => {
    const from = Number.MAX_SAFE_INTEGER;
    expect(resolveSubscriberOptions({ from }).from).toBe(from);
  });

  test.each<[SubscriberOptions, RegExp]>([
    [
      { from: 0 },
      /"from" must be 'latest', 'earliest', a sequence number of at least 1 or a Date, but is 0/,
    ],
    [{ from: -1 }, /"from"/],
    [{ from: 1.5 }, /"from"/],
    [{ from: 'newest' } as object, /"from".*but is newest/],
    [{ from: '7' } as object, /"from".*but is 7/],
    [{ fetchLimit: 0 }, /"fetchLimit" must be a whole number from 1 to 100000/],
    [{ fetchLimit: 100_001 }, /"fetchLimit"/],
    [{ sizeLimit: 0 }, /"sizeLimit"/],
    [{ limit: 5 } as object, /Subscriber options: unknown option "limit".*fetchLimit/],
  ])('%j is refused at once, with what it takes', (options, message) => {
    expect(() => runner.subscriber(options)).toThrow(EventxOptionsError);
    expect(() => runner.subscriber(options)).toThrow(message);
  });

  test.each([0, -1, 2.5, NaN])('seek(%p) is refused, and the position stays', (seq) => {
    const subscriber = runner.subscriber({ from: 3 });
    expect(() => subscriber.seek(seq)).toThrow(EventxOptionsError);
    expect(subscriber.nextSeq).toBe(3);
  });
});
