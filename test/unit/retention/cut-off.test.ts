import { describe, expect, test } from '@jest/globals';

import { cutOff, type LogFacts } from '../../../lib/retention/cut-off.js';

const FACTS: LogFacts = {
  lastSeq: 100,
  maxTotalEvents: 1000,
  firstYoungSeq: null,
  offsets: [],
  ignoreConsumers: false,
};
const behind = (...seqs: number[]) => seqs.map((seq) => ({ consumer: `at-${seq}`, offset: seq }));

describe('what retention may delete', () => {
  test.each<[string, Partial<LogFacts>, number]>([
    ['nothing of an empty log', { lastSeq: 0, maxTotalEvents: 0 }, 1],
    ['nothing below the limit', {}, 1],
    ['nothing at the limit', { maxTotalEvents: 100 }, 1],
    ['one over the limit', { maxTotalEvents: 99 }, 2],
    ['everything', { maxTotalEvents: 0 }, 101],
    ['what is too old', { firstYoungSeq: 31 }, 31],
    ['what is too old or too many', { firstYoungSeq: 31, maxTotalEvents: 10 }, 91],
    ['what is too many or too old', { firstYoungSeq: 95, maxTotalEvents: 10 }, 95],
    [
      'not what a consumer has yet to handle',
      { maxTotalEvents: 0, offsets: behind(40, 100, 20) },
      21,
    ],
    ['nothing with a consumer at the beginning', { maxTotalEvents: 0, offsets: behind(0) }, 1],
    ['all when consumers have handled it', { maxTotalEvents: 0, offsets: behind(100) }, 101],
  ])('%s', (_what, facts, before) => {
    expect(cutOff({ ...FACTS, ...facts }).before).toBe(before);
  });

  test('it says whom it waits for, and who is just not affected', () => {
    const offsets = behind(40, 89, 90, 20);
    expect(cutOff({ ...FACTS, maxTotalEvents: 10, offsets })).toEqual({
      before: 21,
      behind: ['at-40', 'at-89', 'at-20'],
    });
  });

  test('consumers are passed where that was asked for, and named', () => {
    const facts = { ...FACTS, maxTotalEvents: 10, offsets: behind(40, 95), ignoreConsumers: true };
    expect(cutOff(facts)).toEqual({ before: 91, behind: ['at-40'] });
  });
});
