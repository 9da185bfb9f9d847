import { describe, expect, test } from '@jest/globals';

import { workerIndexOf } from '../../../lib/consumer/delivery/worker-index.js';
import { eventAt, range } from '../../support/stored-events.js';

const keyed = (key: string, seq = 1) => ({ ...eventAt(seq), key });

describe('the worker of an event', () => {
  test('is the same for the same key, always and everywhere', () => {
    expect(workerIndexOf(keyed('customer-17', 1), 8)).toBe(
      workerIndexOf(keyed('customer-17', 999), 8),
    );
    // Known values: another process, or another version, must come to the same.
    expect(['a', 'b', 'customer-17', 'ü'].map((key) => workerIndexOf(keyed(key), 1000)))
      .toMatchInlineSnapshot(`
     [
       220,
       77,
       920,
       987,
     ]
    `);
  });

  test('is spread over all workers', () => {
    const counts = Array<number>(8).fill(0);
    for (const n of range(1, 8000)) counts[workerIndexOf(keyed(`order-${n}`), 8)]!++;
    for (const count of counts) expect(count).toBeGreaterThan(500);
  });

  test('without a key, is any', () => {
    expect(range(1, 4).map((seq) => workerIndexOf(eventAt(seq), 3))).toEqual([1, 2, 0, 1]);
  });
});
