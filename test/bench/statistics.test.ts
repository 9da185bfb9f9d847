import { describe, expect, test } from '@jest/globals';

import { median, percentile, ratios, spread } from './statistics.js';

describe('the statistics of the benchmark', () => {
  test('the median is the sample in the middle, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  test('of an even number of samples the median lies between the two in the middle', () => {
    expect(median([4, 1, 2, 100])).toBe(3);
  });

  test('percentiles sort by value, not by text', () => {
    expect(percentile([10, 9, 100, 1], 100)).toBe(100);
  });

  test('percentiles are interpolated', () => {
    const hundred = Array.from({ length: 101 }, (_, index) => index);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile([0, 10], 25)).toBe(2.5);
  });

  test('a single sample is every percentile of itself, without a spread', () => {
    expect(percentile([7], 1)).toBe(7);
    expect(percentile([7], 99)).toBe(7);
    expect(spread([7])).toBe(0);
  });

  test('no samples have no percentile', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
  });

  test('the spread is half of the range, relative to the median', () => {
    expect(spread([90, 100, 120])).toBeCloseTo(0.15);
    expect(spread([0, 0, 0])).toBe(0);
  });

  test('ratios compare within a round', () => {
    expect(ratios([10, 30], [20, 30])).toEqual([0.5, 1]);
    expect(() => ratios([1], [])).toThrow(RangeError);
  });
});
