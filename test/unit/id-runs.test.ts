import { describe, expect, test } from '@jest/globals';

import { idRuns } from '../../lib/typeorm/stores/id-runs.js';

describe('ids as runs', () => {
  test('contiguous ids are one run, whatever the numbers', () => {
    expect(idRuns([7, 8, 9], 101)).toEqual([{ low: 7, high: 9, delta: 94 }]);
    expect(idRuns([1000], 3)).toEqual([{ low: 1000, high: 1000, delta: -997 }]);
  });

  test('every hole begins another run, and the numbers go on without one', () => {
    expect(idRuns([1, 2, 5, 9, 10], 1)).toEqual([
      { low: 1, high: 2, delta: 0 },
      { low: 5, high: 5, delta: -2 },
      { low: 9, high: 10, delta: -5 },
    ]);
  });

  test('no ids are no runs', () => {
    expect(idRuns([], 1)).toEqual([]);
  });

  test('give each id its number, whatever the holes', () => {
    const ids = Array.from({ length: 500 }, (_, index) => index + 10).filter(
      (id) => id % 7 > 1 && id % 11 !== 0,
    );
    const numbers = new Map<number, number>();
    for (const { low, high, delta } of idRuns(ids, 42)) {
      for (let id = low; id <= high; id++) numbers.set(id, id + delta);
    }
    expect([...numbers]).toEqual(ids.map((id, index) => [id, 42 + index]));
  });
});
