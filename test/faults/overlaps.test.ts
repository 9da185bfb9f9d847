import { describe, expect, test } from '@jest/globals';

import { type Call, overlaps } from './harness/overlaps.js';

function call(member: string, begun: number, ended: number, consumer = 'plain'): Call {
  return { consumer, member, seq: begun, begun, ended };
}

describe('G5: a handler that goes on while another member has its consumer', () => {
  test('is found, once', () => {
    const calls = [
      call('ben', 3000, 3010),
      call('anna', 1000, 4000),
      call('ben', 2000, 2010),
      call('anna', 900, 910),
    ];
    expect(overlaps(calls, [])).toEqual([
      'G5: plain was at event 1000 in anna for 2000 ms more when ben began with event 2000',
    ]);
  });

  test('is found behind shorter ones', () => {
    const calls = [call('anna', 1, 5000), call('anna', 10, 20), call('ben', 30, 40)];
    expect(overlaps(calls, [])).toHaveLength(1);
  });

  test.each([
    ['of the same member', [call('anna', 1, 5000), call('anna', 10, 20)]],
    ['of another consumer', [call('anna', 1, 5000), call('ben', 10, 20, 'other')]],
    ['of one that ends a little late', [call('anna', 1, 400), call('ben', 10, 20)]],
    ['one after the other', [call('anna', 1, 400), call('ben', 410, 5000), call('anna', 6000, 7)]],
  ])('is not a call %s', (_what, calls) => {
    expect(overlaps(calls, [])).toEqual([]);
  });

  test('is not one that was frozen: nothing could break it off', () => {
    const calls = [call('anna', 1000, 5000), call('ben', 2000, 2010)];
    const frozen = (member: string, begun: number, ended: number) =>
      overlaps(calls, [{ member, begun, ended }]);
    expect(frozen('anna', 1200, 4000)).toEqual([]);
    expect(frozen('ben', 1200, 4000)).toHaveLength(1);
    expect(frozen('anna', 5001, 6000)).toHaveLength(1);
    expect(frozen('anna', 500, 900)).toHaveLength(1);
  });
});
