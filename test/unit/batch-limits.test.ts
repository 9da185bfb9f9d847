import { describe, expect, test } from '@jest/globals';

import { batchEnd } from '../../lib/log/batch-limits.js';

const sized = (...sizes: number[]) => sizes.map((size) => ({ size }));

describe('where a batch ends', () => {
  test.each([
    { what: 'at the count', sizes: [1, 1, 1, 1], start: 0, count: 3, bytes: 100, end: 3 },
    { what: 'at the end of what there is', sizes: [1, 1], start: 0, count: 9, bytes: 100, end: 2 },
    { what: 'below the bytes', sizes: [4, 4, 4], start: 0, count: 9, bytes: 10, end: 2 },
    { what: 'exactly at the bytes', sizes: [4, 4, 4], start: 0, count: 9, bytes: 8, end: 2 },
    { what: 'counted from its start', sizes: [9, 4, 4, 4], start: 1, count: 2, bytes: 8, end: 3 },
    { what: 'behind one oversized event', sizes: [50, 1], start: 0, count: 9, bytes: 10, end: 1 },
    { what: 'before an oversized event', sizes: [1, 50], start: 0, count: 9, bytes: 10, end: 1 },
    { what: 'at its start when there is none', sizes: [1], start: 1, count: 9, bytes: 9, end: 1 },
  ])('$what', ({ sizes, start, count, bytes, end }) => {
    expect(batchEnd(sized(...sizes), start, { count, bytes })).toBe(end);
  });
});
