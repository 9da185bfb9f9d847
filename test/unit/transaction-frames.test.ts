import { beforeEach, describe, expect, test } from '@jest/globals';

import { TransactionFrames } from '../../lib/typeorm/outbox/transaction-frames.js';

describe('what an open transaction has collected', () => {
  const connection = {};
  let frames: TransactionFrames<object, string>;
  const collect = (...items: string[]) => frames.current(connection).items.push(...items);

  beforeEach(() => {
    frames = new TransactionFrames();
    frames.begin(connection);
  });

  test('of its savepoints joins it when they are released, in order', () => {
    collect('a');
    frames.begin(connection);
    collect('b');
    frames.begin(connection);
    collect('c');
    frames.release(connection);
    collect('d');
    frames.release(connection);
    collect('e');
    expect(frames.outermost(connection)?.items).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('of a savepoint that is rolled back is forgotten, and nothing else is', () => {
    collect('a');
    frames.begin(connection);
    collect('b');
    frames.begin(connection);
    collect('c');
    frames.release(connection);
    frames.rollback(connection);
    collect('d');
    expect(frames.outermost(connection)?.items).toEqual(['a', 'd']);
  });

  test('is not whole while a savepoint is open', () => {
    frames.begin(connection);
    expect(frames.outermost(connection)).toBeUndefined();
  });

  test('is worth a signal when a released savepoint was, and not when it was rolled back', () => {
    const inner = (end: 'release' | 'rollback') => {
      frames.begin(connection);
      frames.current(connection).wake = true;
      frames[end](connection);
      return frames.outermost(connection)?.wake;
    };
    expect(inner('rollback')).toBe(false);
    expect(inner('release')).toBe(true);
    frames.begin(connection);
    frames.release(connection);
    expect(frames.end(connection)?.wake).toBe(true);
  });

  test('is gone when it is over', () => {
    collect('a');
    expect(frames.end(connection)?.items).toEqual(['a']);
    expect(frames.end(connection)).toBeUndefined();
    expect(frames.current(connection).items).toEqual([]);
  });

  test('is its connection’s alone, also where it began before anybody watched', () => {
    const other = {};
    frames.current(other).items.push('other');
    collect('a');
    expect(frames.outermost(other)?.items).toEqual(['other']);
    expect(frames.outermost(connection)?.items).toEqual(['a']);
  });

  test('an end without a beginning harms nothing', () => {
    const unknown = {};
    frames.release(unknown);
    frames.rollback(unknown);
    expect(frames.end(unknown)).toBeUndefined();
    frames.release(connection);
    expect(frames.outermost(connection)).toBeDefined();
  });
});
