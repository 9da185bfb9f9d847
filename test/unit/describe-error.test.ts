import { describe, expect, test } from '@jest/globals';

import { describeError } from '../../lib/util/logger.js';

const failing = (message: string, more: object = {}) => Object.assign(new Error(message), more);

describe('an error in one line', () => {
  test('has its code, once, and whatever was thrown', () => {
    const code = 'ECONNRESET';
    expect(describeError(failing('read failed', { code }))).toBe('ECONNRESET: read failed');
    expect(describeError(failing('read ECONNRESET', { code }))).toBe('read ECONNRESET');
    expect(describeError(new Error('plain'))).toBe('plain');
    expect(describeError('a string')).toBe('a string');
    expect(describeError(undefined)).toBe('undefined');
    expect(describeError(Symbol('s'))).toBe('Symbol(s)');
  });

  test('says why each address failed, where there are several', () => {
    const errors = [
      failing('connect ECONNREFUSED ::1:3306'),
      failing('connect ECONNREFUSED 127.0.0.1:3306'),
    ];
    expect(describeError(new AggregateError(errors))).toBe(
      'connect ECONNREFUSED ::1:3306, connect ECONNREFUSED 127.0.0.1:3306',
    );
  });

  test('is one line, and not endless, whatever is in it', () => {
    expect(describeError(new Error('a\nError: forged\r\n\u001b[2J\u2028b\n'))).toBe(
      'a Error: forged [2J b',
    );
    expect(describeError(new Error('x'.repeat(1_000_000)))).toHaveLength(4000);
  });

  test('is an error in itself for nobody', () => {
    const evil = {
      get message(): string {
        throw new Error('gotcha');
      },
    };
    for (const thrown of [
      Object.create(null),
      { toString: () => ({}) },
      Object.defineProperties(new Error(), Object.getOwnPropertyDescriptors(evil)),
    ]) {
      expect(describeError(thrown)).toBe('something was thrown that has no text');
    }
  });

  test.each([
    [
      1062,
      "Duplicate entry 'secret' for key 'users.email'",
      "Duplicate entry '…' for key 'users.email'",
    ],
    [
      1062,
      "Duplicate entry 'a' for key 'b' secret' for key 'PRIMARY'",
      "Duplicate entry '…' for key 'PRIMARY'",
    ],
    [
      1366,
      "Incorrect integer value: '{\"token\":\n'secret'}' for column `d`.`t`.`c` at row 1",
      "Incorrect integer value: '…' for column `d`.`t`.`c` at row 1",
    ],
    [1292, "Truncated incorrect DOUBLE value: 'secret'", "Truncated incorrect DOUBLE value: '…'"],
    [
      1064,
      "You have an error near 'secret', 'b')' at line 1",
      "You have an error near '…' at line 1",
    ],
    [
      1690,
      "BIGINT value is out of range in '(`t`.`c` + 4111)'",
      "BIGINT value is out of range in '…'",
    ],
    [1146, "Table 'shop.orders' doesn't exist", "Table 'shop.orders' doesn't exist"],
    [undefined, "it's the application's own text", "it's the application's own text"],
  ])('%s: without the value that a driver quotes', (errno, message, expected) => {
    expect(describeError(failing(message, { errno }))).toBe(expected);
  });
});
