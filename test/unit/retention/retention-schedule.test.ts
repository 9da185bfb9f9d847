import { describe, expect, test } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';

import { EventxOptionsError } from '../../../lib/errors.js';
import { RetentionSchedule } from '../../../lib/retention/retention-schedule.js';
import type { EventxRetentionJob, RetentionResult } from '../../../lib/retention/retention-job.js';
import {
  type RetentionOptions,
  resolveRetentionOptions,
} from '../../../lib/retention/retention-options.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { until } from '../../support/until.js';

const NAME = 'eventx-retention';
const timers = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('the schedule of retention', () => {
  const undo = cleanUpAfterEach();
  const schedulerOf = (
    options: RetentionOptions,
    runOnce: () => Promise<Partial<RetentionResult>> = () => Promise.resolve({ deleted: 0 }),
    caution: string | null = null,
  ) => {
    const registry = new SchedulerRegistry();
    const logger = new RecordingLogger();
    const clock = new ManualClock();
    const job = { options: resolveRetentionOptions(options), runOnce };
    const scheduler = new RetentionSchedule(job as unknown as EventxRetentionJob, {
      name: NAME,
      jobs: () => Promise.resolve(registry),
      logger,
      clock,
      caution: () => caution,
    });
    return { scheduler, registry, logger, clock };
  };

  test.each<[string, RetentionOptions]>([
    ['an interval', { interval: 1 }],
    ['a cron expression', { cron: '* * * * * *' }],
  ])(
    '%s whose name is taken is an error that says so, and leaves no timer',
    async (_what, options) => {
      let runs = 0;
      const { scheduler, registry } = schedulerOf(options, () => (runs++, Promise.resolve({})));
      registry.addCronJob(NAME, CronJob.from({ cronTime: '0 0 1 1 *', onTick: () => undefined }));
      const taken = setInterval(() => undefined, 1_000_000);
      registry.addInterval(NAME, taken);
      undo(() => clearInterval(taken));
      const before = timers();
      const error: unknown = await scheduler.start().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(EventxOptionsError);
      expect((error as Error).message).toMatch(
        /has a job "eventx-retention" already.*imported twice/,
      );
      await until(() => timers() <= before, { what: 'its timer to be gone' });
      // What others have under that name stays theirs.
      await scheduler.stop();
      expect(registry.doesExist('interval', NAME)).toBe(true);
      expect(registry.doesExist('cron', NAME)).toBe(true);
      expect(runs).toBe(0);
    },
  );

  test('says what was deleted, and nothing when nothing was', async () => {
    let runs = 0;
    const { scheduler, logger } = schedulerOf({ interval: 1 }, () =>
      Promise.resolve(++runs === 2 ? { deleted: 7, before: 8 } : { deleted: 0, before: 8 }),
    );
    await scheduler.start();
    await until(() => runs > 3, { what: 'some runs' });
    await scheduler.stop();
    expect(logger.lines).toEqual([
      { level: 'log', message: 'Retention deleted 7 event(s): all before seq 8.' },
    ]);
  });

  test('warns of a run that fails, and of what that means', async () => {
    const { scheduler, logger } = schedulerOf({ interval: 1 }, () =>
      Promise.reject(new Error('the disk is full')),
    );
    await scheduler.start();
    await until(() => logger.of('warn').length > 0, { what: 'the warning' });
    await scheduler.stop();
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/Retention failed.*the log grows meanwhile.*\d ms.*the disk is full/),
    ]);
  });

  test('says at the start what it cannot see', async () => {
    const { scheduler, logger } = schedulerOf({}, undefined, 'It is blind.');
    await scheduler.start();
    await scheduler.stop();
    expect(logger.of('warn')).toEqual(['It is blind.']);
  });

  test('a statement that never ends does not keep the application from stopping', async () => {
    let began = false;
    const { scheduler, logger, clock } = schedulerOf(
      { interval: 1 },
      () => ((began = true), new Promise<never>(() => undefined)),
    );
    await scheduler.start();
    await until(() => began, { what: 'a run' });
    const stopped = scheduler.stop();
    await until(() => clock.running.length === 1, { what: 'the stop to wait' });
    clock.advance(10_000);
    await stopped;
    expect(logger.of('warn')).toEqual([expect.stringMatching(/still at a statement/)]);
  });
});
