import { beforeEach, describe, expect, test } from '@jest/globals';

import { CallsUnderWay } from '../../../lib/consumer/delivery/calls-under-way.js';
import type { Lease } from '../../../lib/storage/index.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { eventAt } from '../../support/stored-events.js';

const SLOW = 1000;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('calls of handlers that take long', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let calls: CallsUnderWay;
  let reported: (string | null)[];
  const open = (timeoutMs = 0) =>
    new CallsUnderWay({
      consumer: 'c',
      lease: {} as Lease,
      store: {
        reportStuck: (_lease, call) => {
          reported.push(call && `${call.at.split(',')[0]} ${call.forMs}`);
          return Promise.resolve();
        },
      },
      clock,
      logger,
      slowMs: SLOW,
      timeoutMs,
    });
  beforeEach(() => {
    clock = new ManualClock();
    logger = new RecordingLogger();
    reported = [];
    calls = open();
  });
  const begin = (handler = 'Mailer.send', count = 1) =>
    calls.begin({ handler, event: eventAt(7), count, attempt: 2 });
  /** Goes on in small steps, as a clock does. */
  const pass = (ms: number) => {
    for (let step = 0; step < ms; step += 50) clock.advance(50);
  };

  test('are spoken of after a while, and again in ever longer intervals; then that they ended', () => {
    const call = begin();
    pass(SLOW - 50);
    expect(logger.lines).toEqual([]);
    pass(SLOW * 9 + 50);
    const ages = logger.of('warn').map((line) => / for ([\d.]+) s/.exec(line)![1]);
    expect(ages).toEqual(['1.0', '2.0', '4.0', '8.0']);
    expect(logger.of('warn')[0]).toMatch(
      /^Consumer "c": handler Mailer\.send, seq 7 \(id 1007\), attempt 2 has been running for 1\.0 s.*"timeout"/,
    );
    calls.end(call);
    expect(logger.of('log')).toEqual([
      'Consumer "c": handler Mailer.send, seq 7 (id 1007), attempt 2 ended after 10 s.',
    ]);
  });

  test('that are short are never spoken of, and no timer is left when there are none', () => {
    for (let times = 0; times < 100; times++) {
      const call = begin();
      clock.advance(SLOW / 10);
      calls.end(call);
    }
    expect(logger.lines).toEqual([]);
    expect(clock.running.length).toBeLessThanOrEqual(1);
    clock.advance(SLOW);
    expect(clock.running).toEqual([]);
    begin();
    calls.close();
    expect(clock.running).toEqual([]);
  });

  test('share one timer', () => {
    for (let count = 0; count < 50; count++) begin();
    expect(clock.running).toHaveLength(1);
  });

  test('are reported, the oldest one at a time, until none is left', async () => {
    const one = begin('one');
    pass(500);
    const two = begin('two');
    pass(500);
    await settled();
    pass(4500);
    await settled();
    expect(reported).toEqual(['handler one 1000']);
    calls.end(one);
    await settled();
    expect(reported[1]).toBe('handler two 5000');
    calls.end(two);
    await settled();
    expect(reported.slice(2)).toEqual([null]);
  });

  test('of a consumer with a time limit are said to have one', () => {
    calls = open(60_000);
    begin('Mailer.send', 3);
    pass(SLOW);
    expect(logger.of('warn')[0]).toMatch(
      /seq 7 \(id 1007\) and 2 more, .*broken off after 60000 ms/,
    );
  });
});
