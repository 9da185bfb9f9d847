import { describe, expect, test } from '@jest/globals';

import { WakeUp } from '../../lib/util/wake-up.js';
import { ManualClock } from '../support/manual-clock.js';

const never = new AbortController().signal;

describe('the bell of the loop', () => {
  test('wakes whoever waits, and stops the timer', async () => {
    const clock = new ManualClock();
    const bell = new WakeUp(clock);
    const waiting = bell.wait(1000, never);
    expect(clock.running).toEqual([1000]);
    bell.ring();
    await waiting;
    expect(clock.running).toEqual([]);
  });

  test('rung many times while nobody waits wakes once', async () => {
    const clock = new ManualClock();
    const bell = new WakeUp(clock);
    for (let times = 0; times < 5; times++) bell.ring();
    await bell.wait(1000, never);
    const second = bell.wait(1000, never);
    expect(clock.running).toEqual([1000]);
    clock.advance(1000);
    await second;
  });

  test('is silent during a pause, and rings after it', async () => {
    const clock = new ManualClock();
    const bell = new WakeUp(clock);
    const pause = bell.pause(100, never);
    bell.ring();
    expect(clock.running).toEqual([100]);
    clock.advance(100);
    await pause;
    await bell.wait(1000, never);
    expect(clock.running).toEqual([]);
  });

  test('an abort ends a wait and a pause, those that begin later as well, without an error', async () => {
    const clock = new ManualClock();
    const bell = new WakeUp(clock);
    for (const sleep of ['wait', 'pause'] as const) {
      const abort = new AbortController();
      const sleeping = bell[sleep](1000, abort.signal);
      abort.abort();
      await sleeping;
      await bell[sleep](1000, abort.signal);
      expect(clock.running).toEqual([]);
    }
  });
});
