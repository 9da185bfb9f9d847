import { beforeEach, describe, expect, test } from '@jest/globals';

import { SignalSender } from '../../lib/signal/signal-sender.js';
import type { SignalTransport } from '../../lib/signal/signal-transport.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the sender of signals', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  beforeEach(() => {
    clock = new ManualClock();
    logger = new RecordingLogger();
  });

  const senderOn = (transport: SignalTransport) =>
    new SignalSender(transport, { logger, clock, random: () => 0 });

  test('sends one hint at a time, and one more for all that came meanwhile', async () => {
    const answers: (() => void)[] = [];
    const sender = senderOn({ send: () => new Promise<void>((resolve) => answers.push(resolve)) });
    for (let times = 0; times < 10; times++) sender.signal();
    expect(answers).toHaveLength(1);
    answers[0]!();
    await settled();
    expect(answers).toHaveLength(2);
    answers[1]!();
    await settled();
    expect(answers).toHaveLength(2);
    sender.signal();
    expect(answers).toHaveLength(3);
  });

  test('loses no hint that comes in the very moment in which it ends', async () => {
    let sent = 0;
    const sender = senderOn({ send: () => void sent++ });
    sender.signal();
    for (let turn = 0; turn < 20; turn++) {
      await Promise.resolve();
      const before = sent;
      sender.signal();
      await settled();
      expect(sent).toBeGreaterThan(before);
    }
  });

  test.each<[string, SignalTransport['send']]>([
    ['rejects', () => Promise.reject(new Error('nobody there'))],
    [
      'throws',
      () => {
        throw new Error('nobody there');
      },
    ],
  ])('a transport that %s is reported once, and rests longer each time', async (_what, send) => {
    let tries = 0;
    const sender = senderOn({ send: () => (tries++, send()) });
    const rests: number[] = [];
    for (let round = 0; round < 8; round++) {
      sender.signal();
      await settled();
      rests.push(clock.running[0]!);
      sender.signal();
      clock.advance(rests.at(-1)!);
      await settled();
    }
    expect(tries).toBe(9);
    expect(rests).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500]);
    expect(logger.of('warn')).toEqual([expect.stringMatching(/do not get through.*nobody there/)]);
  });

  test('works again, and reports the next failure, after a success', async () => {
    let fails = true;
    const sender = senderOn({
      send: () => (fails ? Promise.reject(new Error('down')) : Promise.resolve()),
    });
    sender.signal();
    await settled();
    fails = false;
    sender.signal();
    clock.advance(50);
    await settled();
    fails = true;
    sender.signal();
    await settled();
    expect(logger.of('warn')).toHaveLength(2);
    expect(clock.running).toEqual([50]);
  });

  test('lets the hint on its way out before it closes the transport, and takes no more', async () => {
    const said: string[] = [];
    let answer!: () => void;
    const sender = senderOn({
      send: () => {
        said.push('send');
        return new Promise<void>((resolve) => (answer = resolve));
      },
      close: () => void said.push('close'),
    });
    sender.signal();
    const closing = sender.close();
    await settled();
    sender.signal();
    expect(said).toEqual(['send']);
    answer();
    await closing;
    sender.signal();
    expect(said).toEqual(['send', 'close']);
  });

  test('does not wait for a transport that never answers, nor for one that cannot close', async () => {
    const sender = senderOn({
      send: () => new Promise(() => undefined),
      close: () => Promise.reject(new Error('stuck')),
    });
    sender.signal();
    const closing = sender.close();
    clock.advance(1000);
    await closing;
    expect(logger.of('debug')).toEqual([expect.stringContaining('stuck')]);
  });
});
