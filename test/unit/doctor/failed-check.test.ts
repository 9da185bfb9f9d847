import { expect, test } from '@jest/globals';

import { asSentence } from '../../../lib/doctor/failed-check.js';

test.each([
  ['connect ECONNREFUSED 127.0.0.1:3306', 'connect ECONNREFUSED 127.0.0.1:3306.'],
  ['Pool does Not exist.', 'Pool does Not exist.'],
  ['Is it down?', 'Is it down?'],
])('an error is a sentence among others: %j', (message, sentence) => {
  expect(asSentence(new Error(message))).toBe(sentence);
});
