import { describe, expect, test } from '@jest/globals';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';

import { EventxRetentionJob } from '../../../lib/retention/retention-job.js';
import { resolveRetentionOptions } from '../../../lib/retention/retention-options.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

async function logOf(count: number): Promise<InMemoryEventStorage<number>> {
  const log = new InMemoryEventStorage<number>();
  log.insert(...range(1, count));
  await log.sequence(await log.readState(), await log.readPending(count));
  return log;
}

describe('the retention job', () => {
  test('rests after each statement for four times as long as it took, so that producers get their turn', async () => {
    const log = await logOf(5);
    const clock = new ManualClock();
    const deleteBefore = log.deleteBefore.bind(log);
    log.deleteBefore = async (...args) => {
      clock.advance(7);
      return deleteBefore(...args);
    };
    const options = resolveRetentionOptions({ maxTotalEvents: 0, batchSize: 2 });
    const environment = {
      logger: new RecordingLogger(),
      offsets: () => Promise.resolve([]),
      clock,
    };
    const run = new EventxRetentionJob(log, options, environment).runOnce();
    for (let rests = 0; rests < 2; rests++) {
      await until(() => clock.running.length === 1, { what: 'the rest' });
      expect(clock.running).toEqual([28]);
      clock.advance(28);
    }
    expect(await run).toMatchObject({ deleted: 5 });
    expect(clock.running).toEqual([]);
  });

  test('an abort cuts the rest short, and ends the run', async () => {
    const log = await logOf(5);
    const clock = new ManualClock();
    const deleteBefore = log.deleteBefore.bind(log);
    log.deleteBefore = (...args) => (clock.advance(1), deleteBefore(...args));
    const options = resolveRetentionOptions({ maxTotalEvents: 0, batchSize: 1 });
    const environment = {
      logger: new RecordingLogger(),
      offsets: () => Promise.resolve([]),
      clock,
    };
    const abort = new AbortController();
    const run = new EventxRetentionJob(log, options, environment).runOnce(abort.signal);
    await until(() => clock.running.length === 1, { what: 'the rest' });
    abort.abort();
    expect(await run).toMatchObject({ deleted: 1 });
    expect(clock.running).toEqual([]);
  });

  test.each([false, true])(
    'says once, not every time, whom it waits for or passes (ignoreConsumers: %s)',
    async (ignoreConsumers) => {
      const logger = new RecordingLogger();
      let offsets = [{ consumer: 'slow', offset: 1 }];
      const job = new EventxRetentionJob(
        await logOf(5),
        resolveRetentionOptions({ maxTotalEvents: 0, ignoreConsumers }),
        { logger, offsets: () => Promise.resolve(offsets) },
      );
      await job.runOnce();
      await job.runOnce();
      expect(logger.of('warn')).toEqual([
        expect.stringMatching(
          ignoreConsumers
            ? /they lose events: slow\./
            : /held back by.*: slow\. .*consumers\.remove/,
        ),
      ]);
      offsets = [];
      await job.runOnce();
      offsets = [{ consumer: 'slow', offset: 2 }];
      await job.runOnce();
      expect(logger.of('warn')).toHaveLength(2);
    },
  );
});
