import { describe, expect, test } from '@jest/globals';

import { sizeOf } from '../../lib/event/event.js';
import { nextBatchSize } from '../../lib/log/batch-size.js';

const SIZES = { base: 100, largest: 350, bytes: 10_000 };
const next = (asked: number, count: number, size: number) =>
  nextBatchSize(asked, { count, bytes: count * size }, SIZES);

describe('the batch of the sequencer', () => {
  test('doubles while batches are full, up to the largest', () => {
    expect(next(100, 100, 1)).toBe(200);
    expect(next(200, 200, 1)).toBe(350);
    expect(next(350, 350, 1)).toBe(350);
  });

  test('is back at the base after a short or an empty batch', () => {
    expect(next(350, 349, 1)).toBe(100);
    expect(next(350, 0, 0)).toBe(100);
  });

  test('holds as many events of the size just seen as fit its bytes', () => {
    expect(next(100, 100, 250)).toBe(40);
    expect(next(40, 40, 250)).toBe(40);
    expect(next(40, 12, 250)).toBe(40);
  });

  test('grows again when the events get smaller', () => {
    expect(next(40, 40, 50)).toBe(80);
  });

  test('holds one event at least, however large', () => {
    expect(next(100, 3, 1_000_000)).toBe(1);
    expect(next(1, 1, 1_000_000)).toBe(1);
    expect(next(1, 1, 1)).toBe(2);
  });

  test('takes events without a size', () => {
    expect(next(100, 100, 0)).toBe(200);
  });

  test.each([NaN, -1, undefined as never])('takes an event of %s bytes for one of none', (size) => {
    expect(sizeOf([{ size }, { size: 7 }])).toBe(7);
  });
});
