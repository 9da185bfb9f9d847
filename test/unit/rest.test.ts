import { describe, expect, test } from '@jest/globals';

import { restAfter } from '../../lib/log/rest.js';

describe('the rest after a round', () => {
  test('there is none after a lone event, nor after nothing, however long the round took', () => {
    expect(restAfter(50, 0)).toBe(0);
    expect(restAfter(50, 1)).toBe(0);
  });

  test('it grows with the events that had gathered', () => {
    expect(restAfter(2, 17)).toBe(1);
    expect(restAfter(2, 33)).toBe(2);
  });

  test('it leaves the sequencer a quarter of the time under load', () => {
    expect(restAfter(2, 97)).toBe(6);
    expect(restAfter(2, 1000)).toBe(6);
  });

  test('it is never long, even when the server is slow', () => {
    expect(restAfter(300, 97)).toBe(20);
  });

  // Rounds that take 1.2 ms, events that come evenly: each round finds what came during the last round and its rest.
  test.each([
    { perSecond: 200, rest: 0 },
    { perSecond: 800, rest: 0 },
    { perSecond: 10_000, rest: 0.66 },
    { perSecond: 50_000, rest: 3.6 },
    { perSecond: 100_000, rest: 3.6 },
  ])('at $perSecond events a second it settles at $rest ms', ({ perSecond, rest }) => {
    let last = 0;
    let gathered = 0;
    for (let round = 0; round < 1000; round++) {
      gathered += ((1.2 + last) * perSecond) / 1000;
      const count = Math.floor(gathered);
      gathered -= count;
      last = restAfter(1.2, count);
    }
    expect(last).toBeCloseTo(rest, 1);
  });
});
