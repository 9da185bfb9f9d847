import { describe, expect, test } from '@jest/globals';
import { LogCorruptError } from 'nestjs-eventx';

import { toSafeInteger } from '../../lib/util/safe-integer.js';

const LIMIT = Number.MAX_SAFE_INTEGER;

describe('integers of the database', () => {
  test.each([7, '7', 7n])('%p of a driver is the number 7', (value) => {
    expect(toSafeInteger(value, 'seq')).toBe(7);
  });

  test('the largest that JavaScript holds exactly is taken', () => {
    for (const value of [LIMIT, String(LIMIT), BigInt(LIMIT)]) {
      expect(toSafeInteger(value, 'seq')).toBe(LIMIT);
    }
  });

  test.each([LIMIT + 1, '9007199254740993', 9007199254740993n, 1.5, '', 'x', NaN, null, undefined])(
    '%p is an error, never rounded',
    (value) => {
      expect(() => toSafeInteger(value, 'id')).toThrow(LogCorruptError);
      expect(() => toSafeInteger(value, 'id')).toThrow(/^id is .*, which is not an integer/);
    },
  );
});
