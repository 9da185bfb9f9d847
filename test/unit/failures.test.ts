import { describe, expect, test } from '@jest/globals';

import { Failures } from '../../lib/log/failures.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';

describe('what is said of a runner that does not get on', () => {
  function bench() {
    const clock = new ManualClock();
    const logger = new RecordingLogger();
    return { clock, logger, failures: new Failures(clock, logger) };
  }

  test('the same error for hours is warned of once a minute, not at each try', () => {
    const { clock, logger, failures } = bench();
    for (let tries = 0; tries < 1000; tries++) {
      failures.add(new Error('the connection is gone'), 150);
      clock.advance(150);
    }
    failures.end();
    const warnings = logger.of('warn');
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toBe(
      'Cannot follow the log, try 2, next in 150 ms: the connection is gone',
    );
    expect(warnings[1]).toMatch(/^Cannot follow the log, try 40\d in 60 s, /);
    expect(logger.of('log')).toEqual(['Recovered after 1000 failed tries in 3 min.']);
  });

  test('another error is warned of at once, and one that comes back is not', () => {
    const { logger, failures } = bench();
    for (const error of ['refused by 10.0.0.1', 'refused by 10.0.0.2', 'no row', 'refused by 7']) {
      failures.add(new Error(error), 1);
    }
    expect(logger.of('warn').map((line) => line.replace(/^.* ms: /, ''))).toEqual([
      'refused by 10.0.0.2',
      'no row',
      'refused by 7',
    ]);
  });
});
