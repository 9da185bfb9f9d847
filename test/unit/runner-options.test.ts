import { describe, expect, test } from '@jest/globals';
import { EventxOptionsError, EventxRunner, type RunnerOptions } from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

import { resolveRunnerOptions } from '../../lib/log/runner-options.js';

const MiB = 1024 * 1024;

describe('the options of the runner', () => {
  test('all have defaults', () => {
    expect(resolveRunnerOptions()).toEqual({
      sequence: true,
      pollInterval: 1000,
      errorBackoff: { initial: 100, max: 5000 },
      batch: { base: 256, largest: 1024, bytes: 4 * MiB },
      window: { count: 4096, bytes: 32 * MiB },
      initialWindow: 256,
    });
  });

  test('that depend on each other follow the one that was given', () => {
    expect(resolveRunnerOptions({ batchSize: 5000 }).batch.largest).toBe(5000);
    expect(resolveRunnerOptions({ windowSize: 10 }).initialWindow).toBe(10);
    expect(resolveRunnerOptions({ initialWindow: 0 }).initialWindow).toBe(0);
  });

  test.each<[RunnerOptions, RegExp]>([
    [
      { pollInterval: 0 },
      /"pollInterval" must be a whole number from 1 to 3600000, but is 0. The default is 1000/,
    ],
    [{ pollInterval: 3_600_001 }, /"pollInterval"/],
    [{ pollInterval: NaN }, /"pollInterval".*but is NaN/],
    [{ pollInterval: Infinity }, /"pollInterval".*but is Infinity/],
    [{ batchSize: 0 }, /"batchSize" must be a whole number from 1 to 65536/],
    [{ batchSize: 1.5 }, /"batchSize".*but is 1.5/],
    [{ maxBatchSize: 65_537 }, /"maxBatchSize"/],
    [
      { batchSize: 300, maxBatchSize: 299 },
      /"maxBatchSize" \(299\) must not be smaller than "batchSize" \(300\)/,
    ],
    [{ batchBytes: 1023 }, /"batchBytes" must be a whole number of at least 1024/],
    [{ windowSize: 0 }, /"windowSize"/],
    [{ windowBytes: 1023 }, /"windowBytes"/],
    [{ initialWindow: -1 }, /"initialWindow"/],
    [{ initialWindow: 11, windowSize: 10 }, /"initialWindow" must be a whole number from 0 to 10/],
    [{ errorBackoff: { initial: 0 } }, /"errorBackoff.initial"/],
    [{ poll: 5 } as object, /Runner options: unknown option "poll"/],
  ])('%j is refused, with what it takes', (options, message) => {
    expect(() => resolveRunnerOptions(options)).toThrow(message);
    expect(() => new EventxRunner(new InMemoryEventStorage(), options)).toThrow(EventxOptionsError);
  });
});
