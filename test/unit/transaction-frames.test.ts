import { beforeEach, describe, expect, test } from '@jest/globals';

import { TransactionFrames } from '../../lib/typeorm/outbox/transaction-frames.js';

describe('what an open transaction has collected', () => {
  let frames: TransactionFrames<string>;
  const collect = (level: number, item: string) => frames.at(level).items.push(item);
  beforeEach(() => {
    frames = new TransactionFrames();
  });

  test('of its savepoints joins it when they are released, in order', () => {
    collect(1, 'a');
    collect(2, 'b');
    collect(3, 'c');
    frames.release(2);
    collect(2, 'd');
    frames.release(1);
    collect(1, 'e');
    expect(frames.at(1).items).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('of a savepoint that is rolled back is forgotten, and nothing else is', () => {
    collect(1, 'a');
    collect(2, 'b');
    collect(3, 'c');
    frames.release(2);
    frames.rollback(1);
    collect(1, 'd');
    expect(frames.items).toEqual(['a', 'd']);
  });

  test('of a savepoint that began before anybody watched is forgotten with it, and what follows stays', () => {
    collect(3, 'lost');
    frames.rollback(2);
    collect(2, 'kept');
    frames.release(1);
    expect(frames.at(1).items).toEqual(['kept']);
  });

  test('is worth a signal when a released savepoint was, and not when it was rolled back', () => {
    frames.at(2).wake = true;
    frames.rollback(1);
    expect(frames.wake).toBe(false);
    frames.at(2).wake = true;
    frames.release(1);
    expect(frames.wake).toBe(true);
  });

  test('an end of what nobody watched harms nothing', () => {
    frames.release(1);
    frames.rollback(1);
    collect(1, 'a');
    frames.release(1);
    expect(frames.items).toEqual(['a']);
  });
});
