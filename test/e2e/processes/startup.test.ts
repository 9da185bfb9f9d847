import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventxModule, type EventxModuleOptions, EventxRunner, EventxService } from 'nestjs-eventx';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { startNest } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { createDatabase, type TestDatabase } from '../../support/databases.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';
import { take } from '../../support/reading.js';
import { until } from '../../support/until.js';

const later = cleanUpAfterEach();
const server = new MariaDbServer();
let database: TestDatabase;
beforeAll(() => server.start(), 120_000);
afterAll(() => server.stop());
beforeEach(async () => {
  database = await createDatabase(server.url());
});
afterEach(() => database.drop());

/**
 * Starts an application whose database answers TypeORM, which has its own patience (`retryAttempts`), and goes away before the module
 * opens the log.
 */
function start(trouble: () => Promise<void>, options: EventxModuleOptions) {
  return startNest([
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...database.options, autoLoadEntities: true, retryAttempts: 0 }),
      dataSourceFactory: async (connection) => {
        const dataSource = await new DataSource(connection as DataSourceOptions).initialize();
        await trouble();
        return dataSource;
      },
    }),
    EventxModule.forRoot(options),
  ]);
}

describe('a database that is not there when the application starts', () => {
  test.each([
    ['down', () => server.kill(), () => server.start()],
    ['hung', () => server.suspend(), () => server.resume()],
  ])(
    'is waited for when it is %s for a while',
    async (_what, goes, comes) => {
      let back: Promise<unknown> | undefined;
      const app = await start(
        async () => {
          await goes();
          // The first tries are in vain.
          setTimeout(() => {
            back = comes();
          }, 500);
        },
        { queryTimeout: 200, startupTimeout: 60_000 },
      );
      later(() => app.close());
      await back;
      const eventx = app.get<EventxService>(EventxService);
      const dataSource = app.get(DataSource);
      await until(
        () => dataSource.transaction((manager) => eventx.publish(manager, { type: 'a' })),
        { what: 'a publish', timeoutMs: 45_000 },
      );
      expect(await take(eventx.subscriber({ from: 1 }), 1)).toMatchObject([{ seq: 1, type: 'a' }]);
    },
    120_000,
  );

  test.each([
    [
      'down',
      () => server.kill(),
      async () => void (await server.start()),
      /ECONNREFUSED|ECONNRESET|EPIPE|closed|ended|did not answer/,
    ],
    ['hung', () => server.suspend(), () => server.resume(), /did not answer within 100 ms/],
  ])(
    'that stays %s ends the start, when the time is up, with an error that says so',
    async (_what, goes, comes, reason) => {
      later(comes);
      const starting = start(goes, { queryTimeout: 100, startupTimeout: 700 });
      await expect(starting).rejects.toMatchObject({
        name: 'StorageTimeoutError',
        message: expect.stringMatching(
          /could not be opened within 700 ms \(option startupTimeout\)/,
        ),
      });
      await expect(starting).rejects.toThrow(reason);
    },
    120_000,
  );

  test('and one that goes down later never ends the process, whatever its consumers are at', async () => {
    const app = await start(() => Promise.resolve(), {
      queryTimeout: 200,
      errorBackoff: { initial: 5, max: 50 },
      consumers: { lease: 400 },
    });
    later(() => app.close());
    const eventx = app.get<EventxService>(EventxService);
    const runner = app.get(EventxRunner);
    const seen: number[] = [];
    eventx.consumer({ name: 'c', startFrom: 'earliest', handle: ({ seq }) => void seen.push(seq) });
    await server.kill();
    await until(() => runner.status.failures > 3, { what: 'failures' });
    await server.start();
    const dataSource = app.get(DataSource);
    await until(() => dataSource.transaction((manager) => eventx.publish(manager, { type: 'a' })), {
      what: 'a publish',
      timeoutMs: 45_000,
    });
    await until(() => seen.length > 0, { what: 'the consumer to go on', timeoutMs: 45_000 });
  }, 120_000);
});
