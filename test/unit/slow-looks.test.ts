import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { PendingEvents } from '../../lib/log/pending-events.js';
import { SlowLooks } from '../../lib/log/slow-looks.js';
import { answerLost, justAfter, notSent } from '../support/faulty-storage.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { RunnerBench } from '../support/runner.js';
import { SequencerBench, SIZES } from '../support/sequencer.js';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe('while looks for pending events are slow, the sequencer', () => {
  let log: SequencerBench;
  let lookMs: number;
  beforeEach(() => {
    log = new SequencerBench();
    lookMs = 150;
    log.storage.always((method) => (call) => {
      log.clock.advance({ readPending: lookMs, sequence: 10 }[method as string] ?? 0);
      return call();
    });
  });

  /** Numbers what there is, batch by batch, until a look has found more than one batch. */
  async function untilAhead(): Promise<void> {
    log.insert(500);
    for (let looks = 0; looks < log.storage.calls.readPending || looks < 5;) {
      looks = log.storage.calls.readPending;
      await log.step();
    }
  }

  test('looks for many batches at once', async () => {
    log.insert(2000);
    await log.drain();
    await log.expectAll(2000);
    expect(log.heldIds).toEqual(range(1001, 2000));
    // 250 batches of 8; a look finds 16 of them, after a few that grow.
    expect(log.storage.calls.sequence).toBeLessThan(260);
    expect(log.storage.calls.readPending).toBeLessThan(25);
  });

  test('looks for one batch at a time again when they are quick', async () => {
    await untilAhead();
    await log.drain();
    lookMs = 2;
    log.insert(SIZES.largest * 100);
    await log.drain();
    const { sequence, readPending } = log.storage.calls;
    log.insert(SIZES.largest * 10);
    await log.drain();
    // 4, 8, … 8, and what is left.
    expect(log.storage.calls.sequence - sequence).toBe(11);
    expect(log.storage.calls.readPending - readPending).toBe(11);
  });

  test('numbers what was committed after a look behind all that the look found, whatever its id', async () => {
    const late = log.table.begin(0, 0);
    await untilAhead();
    late.commit();
    const looks = log.storage.calls.readPending;
    const { head } = log.window;
    while (log.storage.calls.readPending === looks) await log.step();
    const ids = log.held.map(({ id }) => id);
    const at = ids.indexOf(late.ids[0]!);
    expect(log.held[at]!.seq).toBeGreaterThan(head! + SIZES.largest);
    expect(ids.slice(0, at)).toEqual(range(3, at + 2));
  });

  test.each([
    [
      'somebody else numbered a part of it',
      justAfter(async () => {
        const pending = await log.table.readPending(20);
        await log.table.sequence(await log.table.readState(), pending);
      }),
      'contended',
    ],
    [
      'an event of it vanished',
      justAfter(() => log.table.delete(log.window.head! + 3)),
      'contended',
    ],
    ['numbering it failed', notSent, 'failed'],
    ['numbering it failed, though it was done', answerLost, 'failed'],
  ])('forgets the rest of a look when %s', async (_, fault, outcome) => {
    await untilAhead();
    log.storage.inject('sequence', fault);
    expect(await log.step().catch(() => 'failed')).toBe(outcome);
    await log.drain();
    // Else the batches behind the one that was not numbered would come before it.
    const ids = (await log.table.read(1, 1000)).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    await log.expectAll(ids.length);
    expect(ids.length).toBeGreaterThan(498);
  });
});

describe('a slow look', () => {
  test('asks for no more events than fit the bytes of a batch', async () => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const readPending = (limit: number) => {
      clock.advance(150);
      asked.push(limit);
      return Promise.resolve(range(1, limit).map((id) => ({ id, size: 100 })));
    };
    const pending = new PendingEvents({ readPending }, { ...SIZES, bytes: 2000 }, clock, () => {});
    for (let batches = 0; batches < 30; batches++) await pending.next();
    // 2000 bytes are 20 events of 100.
    expect(asked.slice(0, 3)).toEqual([4, 16, 20]);
    expect(Math.max(...asked)).toBe(20);
  });

  test('without a backlog asks for no more than a batch may hold', async () => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const readPending = (limit: number) => {
      clock.advance(150);
      asked.push(limit);
      return Promise.resolve([]);
    };
    const pending = new PendingEvents({ readPending }, SIZES, clock, () => {});
    for (let looks = 0; looks < 6; looks++) await pending.next();
    expect(asked).toEqual([4, 8, 8, 8, 8, 8]);
  });
});

describe('the runner', () => {
  let bench: RunnerBench;
  afterEach(() => bench.stop());

  test.each([
    ['as long as the look took', 300, 300],
    ['never longer than its poll interval', 5000, 1000],
  ])('rests after a slow look, %s, whatever is signalled', async (_, lookMs, rest) => {
    bench = new RunnerBench({ pollInterval: 1000 });
    bench.storage.always((method) =>
      method === 'readPending' ? (call) => (bench.clock.advance(lookMs), call()) : undefined,
    );
    await bench.started();
    const looks = bench.storage.calls.readPending;
    bench.runner.signal();
    expect(bench.clock.running).toEqual([rest]);
    bench.clock.advance(rest - 1);
    expect(bench.storage.calls.readPending).toBe(looks);
    bench.clock.advance(1);
    await until(() => bench.storage.calls.readPending === looks + 1, { what: 'the next look' });
    await bench.idle();
  });

  test('warns when looks stay slow', async () => {
    bench = new RunnerBench({ pollInterval: 6000 });
    bench.storage.always((method) =>
      method === 'readPending' ? (call) => (bench.clock.advance(400), call()) : undefined,
    );
    await bench.started();
    await until(
      async () => {
        bench.clock.advance(bench.clock.running[0] ?? 0);
        await new Promise((resolve) => setImmediate(resolve));
        return bench.logger.of('warn').length > 0;
      },
      { what: 'the warning' },
    );
    expect(bench.logger.of('warn')).toEqual([
      expect.stringMatching(/slow for 10 s, the last look took 400 ms.*cause is not known/),
    ]);
  });
});

describe('looks that stay slow', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let explain: () => Promise<string | null>;
  let slowLooks: SlowLooks;
  beforeEach(() => {
    clock = new ManualClock();
    logger = new RecordingLogger();
    explain = () => Promise.resolve('Session 7 has it.');
    slowLooks = new SlowLooks({ explainSlowReads: () => explain() }, clock, logger);
  });

  async function looks(count: number, ms: number): Promise<void> {
    for (let look = 0; look < count; look++) {
      slowLooks.looked(ms);
      clock.advance(1000);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  test('are warned of once, with the cause, and it is said when they are quick again', async () => {
    await looks(10, 152);
    expect(logger.lines).toEqual([]);
    await looks(100, 152);
    expect(logger.of('warn')).toEqual([
      'Looking for new events has been slow for 10 s, the last look took 152 ms: events are numbered late. Session 7 has it.',
    ]);
    await looks(10, 3);
    expect(logger.of('log')).toEqual([]);
    await looks(100, 3);
    expect(logger.of('log')).toEqual([
      'Looking for new events is quick again, 110 s after the warning.',
    ]);
    await looks(20, 152);
    expect(logger.of('warn')).toHaveLength(2);
  });

  test('are not warned of while there are quick ones among them', async () => {
    for (let times = 0; times < 20; times++) {
      await looks(9, 500);
      await looks(1, 3);
    }
    expect(logger.lines).toEqual([]);
  });

  test.each([
    ['is not known', () => Promise.resolve(null), /The cause is not known\. Is the database/],
    ['cannot be asked for', () => Promise.reject(new Error('gone')), /not be found out: gone$/],
  ])('are warned of as well where the cause %s', async (_, answer, message) => {
    explain = answer;
    await looks(11, 152);
    expect(logger.of('warn')).toEqual([expect.stringMatching(message)]);
  });
});
