import { describe, expect, test } from '@jest/globals';

import { DoneAhead, laneOf } from '../../../lib/consumer/delivery/keyed-workers.js';
import { eventAt, eventsFrom, range } from '../../support/stored-events.js';

const keyed = (key: string, seq = 1) => ({ ...eventAt(seq), key });

describe('the lane of an event', () => {
  test('is the same for the same key, always and everywhere', () => {
    expect(laneOf(keyed('customer-17', 1), 8)).toBe(laneOf(keyed('customer-17', 999), 8));
    // Known values: another process, or another version, must come to the same.
    expect(['a', 'b', 'customer-17', 'ü'].map((key) => laneOf(keyed(key), 1000)))
      .toMatchInlineSnapshot(`
     [
       220,
       77,
       920,
       987,
     ]
    `);
  });

  test('is spread over all lanes', () => {
    const counts = Array<number>(8).fill(0);
    for (const n of range(1, 8000)) counts[laneOf(keyed(`order-${n}`), 8)]!++;
    for (const count of counts) expect(count).toBeGreaterThan(500);
  });

  test('without a key, is any', () => {
    expect(range(1, 4).map((seq) => laneOf(eventAt(seq), 3))).toEqual([1, 2, 0, 1]);
  });
});

describe('what is done ahead of the offset', () => {
  test('the line is the last event up to which all are done', () => {
    const ahead = new DoneAhead();
    const events = eventsFrom(11, 15);
    events.forEach((event) => ahead.begin(event));
    expect(ahead.line).toBeUndefined();
    ahead.finish(events[1]!);
    ahead.finish(events[3]!);
    expect(ahead.line).toBeUndefined();
    ahead.finish(events[0]!);
    expect(ahead.line).toBe(events[1]);
    expect(ahead.size).toBe(5);

    // It counts until the offset has passed it.
    ahead.finish(events[2]!);
    ahead.forget(events[1]!);
    expect(ahead.size).toBe(3);
    expect(ahead.line).toBe(events[3]);
    ahead.finish(events[4]!);
    ahead.forget(events[4]!);
    expect(ahead.size).toBe(0);
    expect(ahead.line).toBeUndefined();
  });

  test('in any order of finishing, the line never passes what is not done', () => {
    const events = eventsFrom(1, 200);
    const ahead = new DoneAhead();
    events.forEach((event) => ahead.begin(event));
    const done = new Set<number>();
    let passed = 0;
    for (const index of range(0, 199).map((n) => (n * 73) % 200)) {
      ahead.finish(events[index]!);
      done.add(events[index]!.seq);
      const { line } = ahead;
      if (!line) continue;
      expect(range(1, line.seq).every((seq) => done.has(seq))).toBe(true);
      passed = line.seq;
      ahead.forget(line);
      expect(ahead.size).toBe(200 - passed);
    }
    expect(passed).toBe(200);
  });
});
