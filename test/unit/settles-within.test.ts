import { describe, expect, test } from '@jest/globals';

import { settlesWithin } from '../../lib/util/pause.js';
import { ManualClock } from '../support/manual-clock.js';

describe('work that is waited for, but not for ever', () => {
  test('has settled in time, with a result or an error, and leaves no timer', async () => {
    const clock = new ManualClock();
    const works = [Promise.resolve(5), Promise.reject(new Error('no luck'))];
    for (const work of works) expect(await settlesWithin(work, 1000, clock)).toBe(true);
    expect(clock.running).toEqual([]);
  });

  test('has not, when the time is up', async () => {
    const clock = new ManualClock();
    const waiting = settlesWithin(new Promise(() => undefined), 1000, clock);
    clock.advance(1000);
    expect(await waiting).toBe(false);
    expect(await settlesWithin(new Promise(() => undefined), 0, clock)).toBe(false);
  });
});
