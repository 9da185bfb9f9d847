import { describe, expect, test } from '@jest/globals';

import { Consumer, takes } from '../../../lib/consumer/definition/consumer.js';
import { EventxOptionsError } from '../../../lib/errors.js';
import { eventAt } from '../../support/stored-events.js';

const handle = () => undefined;

describe('which events a handler takes', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['*', 'a', true],
    ['*', null, true],
    [['a', 'b'], 'b', true],
    [['a', 'b'], 'c', false],
    [['a', '*'], 'c', true],
    [['a'], null, false],
  ])('%j takes %j: %s', (types, type, expected) => {
    expect(takes({ types }, type)).toBe(expected);
  });

  test('are found in the order they were declared', () => {
    const handlers = ['b', '*', 'a'].map((types) => ({ types, handle }));
    const consumer = new Consumer({ name: 'c', handlers });
    const of = (type?: string) =>
      consumer.handlersOf({ ...eventAt(1), type } as never).map(({ types }) => types);
    expect([of('a'), of('b'), of()]).toEqual([['*', 'a'], ['b', '*'], ['*']]);
  });
});

test.each([[[]], [''], [['']], [undefined], [7]])('the types %j are refused', (types) => {
  expect(() => new Consumer({ name: 'c', handlers: [{ types: types as never, handle }] })).toThrow(
    EventxOptionsError,
  );
});
