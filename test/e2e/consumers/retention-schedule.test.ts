import { describe, expect, test } from '@jest/globals';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { EventxOptionsError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerAppOn } from '../../support/consumers/app.js';
import { countStatements } from '../../support/consumers/statements.js';
import { until } from '../../support/until.js';

const NAME = 'eventx-retention';
const isEmpty = async ({ dataSource }: ConsumerApp) =>
  (await dataSource.query<unknown[]>('SELECT seq FROM eventx_events')).length === 0;

describe('G7 retention: its schedule', () => {
  const undo = cleanUpAfterEach();
  const start = async (
    schedule: object,
    ...imports: (typeof ScheduleModule | ReturnType<typeof ScheduleModule.forRoot>)[]
  ) => {
    const app = await startConsumerAppOn('sqlite', {
      options: { retention: { maxTotalEvents: 0, ...schedule } },
      imports,
    });
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= app.close());
    undo(close);
    return { ...app, close };
  };

  test.each([
    ['an interval', { interval: 10 }, 'interval'],
    ['a cron expression', { cron: '* * * * * *' }, 'cron'],
  ] as const)(
    '%s is in the application’s registry, under its name, until it shuts down',
    async (_what, schedule, kind) => {
      const app = await start(schedule, ScheduleModule.forRoot());
      const registry = app.app.get(SchedulerRegistry);
      expect(registry.doesExist(kind, NAME)).toBe(true);
      await app.fill(3);
      await until(() => isEmpty(app), { what: 'it to run' });
      await app.fill(3);
      await until(() => isEmpty(app), { what: 'it to run again' });
      await app.close();
      expect(registry.doesExist(kind, NAME)).toBe(false);
    },
  );

  test.each([{ interval: 10 }, { cron: '* * * * * *' }])(
    'without ScheduleModule it runs on a timer of its own: %j',
    async (schedule) => {
      const app = await start(schedule);
      expect(() => app.app.get(SchedulerRegistry)).toThrow();
      await app.fill(3);
      await until(() => isEmpty(app), { what: 'it to run' });
    },
  );

  test('runs do not overlap, and the shutdown waits for the one that is under way', async () => {
    const app = await start({ interval: 1, batchSize: 1 });
    const runOnce = app.retention.runOnce.bind(app.retention);
    let working = 0;
    let most = 0;
    let runs = 0;
    app.retention.runOnce = async (signal) => {
      most = Math.max(most, ++working);
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      const result = await runOnce(signal);
      working--;
      runs++;
      return result;
    };
    await app.fill(20);
    await until(async () => runs > 3 && (await isEmpty(app)), { what: 'several runs' });
    await app.close();
    expect(most).toBe(1);
    expect(working).toBe(0);
  });

  test('a run that fails is tried again, and ends nothing', async () => {
    const app = await start({ interval: 1, errorBackoff: { initial: 1, max: 2 } });
    const runOnce = app.retention.runOnce.bind(app.retention);
    let failures = 0;
    app.retention.runOnce = (signal) =>
      ++failures < 5 ? Promise.reject(new Error('the database is away')) : runOnce(signal);
    await app.fill(2);
    await until(() => isEmpty(app), { what: 'it to succeed' });
  });

  test('nothing is scheduled, and nothing deleted, unless the application asks for it', async () => {
    const app = await startConsumerAppOn('sqlite', { imports: [ScheduleModule.forRoot()] });
    undo(() => app.close());
    const registry = app.app.get(SchedulerRegistry);
    expect([...registry.getIntervals(), ...registry.getCronJobs().keys()]).toEqual([]);
    const statements = countStatements(app.dataSource);
    await app.fill(3);
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 0 });
    expect(statements.take(/^DELETE FROM .*eventx_events/)).toBe(0);
    statements.stop();
  });

  test.each([
    [{ interval: 5, cron: '* * * * *' }, /exclude each other/],
    [{ cron: 'every now and then' }, /is not a cron expression: "every now and then"/],
    [{ interval: 0 }, /"retention.interval" must be/],
    [{ maxAge: 0 }, /"retention.maxAge" must be/],
    [{ maxTotalEvents: -1 }, /"retention.maxTotalEvents" must be/],
    [{ batchsize: 3 }, /unknown option "batchsize"/],
  ])('%j is an error at startup, and leaves nothing running', async (options, message) => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const error: unknown = await start(options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(EventxOptionsError);
    expect((error as Error).message).toMatch(message);
    await until(() => timers() <= before, { what: 'timers to end', timeoutMs: 10_000 });
  });
});
