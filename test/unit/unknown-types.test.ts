import { describe, expect, test } from '@jest/globals';
import { EventxPublishError } from 'nestjs-eventx';

import { EventTypes } from '../../lib/event/event-types.js';
import { nearest } from '../../lib/util/nearest.js';
import { RecordingLogger } from '../support/recording-logger.js';

const DECLARED = { 'order.placed': {}, 'order.paid': {}, 'stock.reserved': {} };

describe('a type of event that is not declared', () => {
  test('is warned of, once, with what may have been meant', () => {
    const logger = new RecordingLogger();
    const types = new EventTypes(DECLARED, { logger });
    for (const type of ['order.plcaed', 'order.plcaed', 'order.placed', 'mail.sent']) {
      types.assertKnown({ type });
    }
    expect(logger.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Event type "order\.plcaed" is not among the declared ones .*did you mean "order\.placed"\? It is published all the same; unknownTypes: 'refuse'/,
      ),
      expect.stringMatching(
        /^Event type "mail\.sent" is not among the declared ones \(option "events"\)\. It is/,
      ),
    ]);
  });

  test('is warned of only so often: types may come out of a program', () => {
    const logger = new RecordingLogger();
    const types = new EventTypes(DECLARED, { logger });
    for (let n = 0; n < 1000; n++) types.assertKnown({ type: `user.${n}.moved` });
    expect(logger.lines).toHaveLength(100);
  });

  test('is refused where that is wished for', () => {
    const types = new EventTypes(DECLARED, { unknown: 'refuse' });
    expect(() => types.assertKnown({ type: 'order.pad' })).toThrow(EventxPublishError);
    expect(() => types.assertKnown({ type: 'order.pad' })).toThrow(/did you mean "order\.paid"/);
    expect(() => types.assertKnown({ type: 'order.paid' })).not.toThrow();
  });

  test('is nobody’s business where none is declared', () => {
    const logger = new RecordingLogger();
    new EventTypes({}, { logger }).assertKnown({ type: 'anything' });
    expect(logger.lines).toEqual([]);
  });
});

test.each([
  ['order.plcaed', ['order.placed']],
  ['ORDER.PLACED', ['order.placed']],
  ['orderplaced', ['order.placed']],
  ['order.paced', ['order.placed']],
  ['order.payed', ['order.placed', 'order.paid']],
  ['invoice', []],
])('nearest to %s are %j', (name, names) => {
  expect(nearest(name, Object.keys(DECLARED))).toEqual(names);
});
