import { getMaxListeners } from 'node:events';

import { expect, test } from '@jest/globals';

import { unlimited } from '../../../lib/consumer/ownership/unlimited.js';

test('a signal that many lanes listen to does not look like a leak to Node', () => {
  const { signal } = new AbortController();
  expect(getMaxListeners(signal)).toBe(10);
  expect(getMaxListeners(unlimited(signal))).toBe(Infinity);
});
