import { describe, expect, test } from '@jest/globals';

import { replayBank, type Transfer } from './harness/bank.js';

/** From the first account to the second, then back again. */
const THERE: Transfer = {
  amount: 100,
  from: { id: 1, balance: 900, version: 1 },
  to: { id: 2, balance: 1100, version: 1 },
};
const BACK: Transfer = {
  amount: 30,
  from: { id: 2, balance: 1070, version: 2 },
  to: { id: 1, balance: 930, version: 2 },
};
const ACCOUNTS = [
  { id: 1, balance: 930 },
  { id: 2, balance: 1070 },
  { id: 3, balance: 1000 },
];

describe('the replay of the bank', () => {
  test('comes out, in the order of the log', () => {
    expect(replayBank([THERE, BACK], ACCOUNTS)).toEqual([]);
  });

  test('notices transfers in another order', () => {
    expect(replayBank([BACK, THERE], ACCOUNTS)).toContain(
      'bank: account 2 has 970, its event says 1070',
    );
  });

  test('notices a transfer that is missing, or there twice', () => {
    expect(replayBank([THERE], ACCOUNTS)).toEqual([
      'bank: account 1 has 930, the log comes to 900',
      'bank: account 2 has 1070, the log comes to 1100',
    ]);
    expect(replayBank([THERE, BACK, BACK], ACCOUNTS)).not.toEqual([]);
  });
});
