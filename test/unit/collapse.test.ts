import { expect, test } from '@jest/globals';

import { collapse } from '../../lib/signal/collapse.js';
import { ManualClock } from '../support/manual-clock.js';

test('the first hint passes at once, those that follow within 5 ms pass together at the end of them', () => {
  const clock = new ManualClock();
  let calls = 0;
  const hint = collapse(() => void calls++, clock);
  hint();
  expect(calls).toBe(1);
  for (let times = 0; times < 100; times++) hint();
  expect(calls).toBe(1);
  clock.advance(5);
  expect(calls).toBe(2);
  clock.advance(5);
  expect(calls).toBe(2);
  expect(clock.running).toEqual([]);
  hint();
  expect(calls).toBe(3);
});
