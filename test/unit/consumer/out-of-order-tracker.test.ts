import { describe, expect, test } from '@jest/globals';

import { OutOfOrderTracker } from '../../../lib/consumer/delivery/out-of-order-tracker.js';
import { eventsFrom, range } from '../../support/stored-events.js';

describe('events handled ahead of the offset', () => {
  test('the watermark is the last event up to which all are done', () => {
    const tracker = new OutOfOrderTracker();
    const events = eventsFrom(11, 15);
    events.forEach((event) => tracker.begin(event));
    expect(tracker.watermark).toBeUndefined();
    tracker.finish(events[1]!);
    tracker.finish(events[3]!);
    expect(tracker.watermark).toBeUndefined();
    tracker.finish(events[0]!);
    expect(tracker.watermark).toBe(events[1]);
    expect(tracker.size).toBe(5);

    // It counts until the offset has passed it.
    tracker.finish(events[2]!);
    tracker.forget(events[1]!);
    expect(tracker.size).toBe(3);
    expect(tracker.watermark).toBe(events[3]);
    tracker.finish(events[4]!);
    tracker.forget(events[4]!);
    expect(tracker.size).toBe(0);
    expect(tracker.watermark).toBeUndefined();
  });

  test('in any order of finishing, the watermark never passes what is not done', () => {
    const events = eventsFrom(1, 200);
    const tracker = new OutOfOrderTracker();
    events.forEach((event) => tracker.begin(event));
    const done = new Set<number>();
    let passed = 0;
    for (const index of range(0, 199).map((n) => (n * 73) % 200)) {
      tracker.finish(events[index]!);
      done.add(events[index]!.seq);
      const { watermark } = tracker;
      if (!watermark) continue;
      expect(range(1, watermark.seq).every((seq) => done.has(seq))).toBe(true);
      passed = watermark.seq;
      tracker.forget(watermark);
      expect(tracker.size).toBe(200 - passed);
    }
    expect(passed).toBe(200);
  });
});
