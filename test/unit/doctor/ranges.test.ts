import { describe, expect, test } from '@jest/globals';

import { firstMissing, type Range, samples, slices } from '../../../lib/doctor/ranges.js';

describe('the places where the doctor looks for missing events', () => {
  test('are everything where that is little', () => {
    expect([...samples({ first: 5, last: 5 })]).toEqual([{ first: 5, last: 5 }]);
    expect([...samples({ first: 1, last: 10_000 })]).toEqual([{ first: 1, last: 10_000 }]);
  });

  test('are the oldest, the newest and some between them of a long log', () => {
    const found = [...samples({ first: 1_000_001, last: 11_000_000 })];
    expect(found).toHaveLength(10);
    expect(found[0]).toEqual({ first: 1_000_001, last: 1_001_000 });
    expect(found[9]).toEqual({ first: 10_999_001, last: 11_000_000 });
    expect(found.every(({ first, last }) => last - first === 999)).toBe(true);
    const starts = found.map(({ first }) => first);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  });

  test.each([1, 249_999, 250_000, 250_001, 1_000_000])('cover all of %i events', (count) => {
    let next = 7;
    for (const { first, last } of slices({ first: 7, last: 6 + count })) {
      expect(first).toBe(next);
      expect(last).toBeGreaterThanOrEqual(first);
      next = last + 1;
    }
    expect(next).toBe(7 + count);
  });
});

describe('the first missing event', () => {
  const lookIn = (ranges: readonly Range[], ...missing: number[]) => {
    const counted: Range[] = [];
    const isWhole = (range: Range) => {
      counted.push(range);
      return Promise.resolve(!missing.some((seq) => seq >= range.first && seq <= range.last));
    };
    return firstMissing(ranges, isWhole).then((seq) => ({ seq, looks: counted.length }));
  };
  const all = [
    { first: 1, last: 1000 },
    { first: 1001, last: 2000 },
    { first: 2001, last: 2500 },
  ];

  test('is none where every range is whole', async () => {
    expect(await lookIn(all)).toEqual({ seq: null, looks: 3 });
    expect(await lookIn([])).toEqual({ seq: null, looks: 0 });
  });

  test.each([1, 2, 999, 1000, 1001, 1500, 2000, 2001, 2500])(
    'is found at %i, in few looks',
    async (seq) => {
      const found = await lookIn(all, seq);
      expect(found.seq).toBe(seq);
      expect(found.looks).toBeLessThanOrEqual(3 + 10);
    },
  );

  test('is the first of several', async () => {
    expect((await lookIn(all, 2400, 1700, 1200, 1201)).seq).toBe(1200);
  });
});
