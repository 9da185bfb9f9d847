import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxDoctor, type EventxEvent, type UnsafeSetting } from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { NestRecording } from '../support/recording-nest.js';
import { ReplicatedServer } from '../support/replication.js';
import { SplittingProxy } from '../support/splitting-proxy.js';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe('a server with a binary log and a replica', () => {
  const later = cleanUpAfterEach();
  let servers: ReplicatedServer;
  let database: TestDatabase;
  beforeAll(async () => {
    servers = await ReplicatedServer.start({ durable: true });
  }, 120_000);
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = await createDatabase(servers.primary.url());
    await servers.caughtUp();
  });
  afterEach(async () => {
    await database.drop();
  });

  const checksOf = async ({ app }: ConsumerApp | Awaited<ReturnType<typeof startApp>>) =>
    (await app.get(EventxDoctor).examine()).map(({ check }) => check);

  describe('behind a proxy that sends reads to the replica', () => {
    let proxy: SplittingProxy;
    beforeEach(async () => {
      proxy = await SplittingProxy.between(database.url, servers.replica.url(), {
        inTransactions: 'replica',
      });
      later(() => proxy.close());
      later(() => servers.caughtUp());
    });
    const throughProxy = (): DataSourceOptions => ({ type: 'mariadb', url: proxy.url });

    test('is refused', async () => {
      await expect(startApp(throughProxy())).rejects.toThrow(
        /answered by different servers.*allowUnsafe: \['split-reads'\]/,
      );
    });

    test('is found by the doctor where it begins later', async () => {
      proxy.splits = false;
      const app = await startApp(throughProxy(), { options: { pollInterval: 50 } });
      later(() => app.close());
      await app.publish('a');
      await app.reached(1);
      expect(await checksOf(app)).not.toContain('split-reads');
      proxy.splits = true;
      expect(await checksOf(app)).toContain('split-reads');
    });

    test('loses and repeats nothing where it is allowed, and says what is wrong', async () => {
      const recording = new NestRecording();
      later(recording.start());
      proxy.splits = false;
      const allowUnsafe: UnsafeSetting[] = ['split-reads'];
      const options = { pollInterval: 20, allowUnsafe, consumers: { lease: 1000 } };
      const app = await startConsumerApp(throughProxy(), { options });
      later(() => app.close());
      await database.query('CREATE TABLE effects (seq BIGINT NOT NULL)');
      let calls = 0;
      app.consume({
        name: 'c',
        transactional: true,
        handle: async ({ seq }: EventxEvent, { manager }) => {
          calls++;
          await manager.query('INSERT INTO effects (seq) VALUES (?)', [seq]);
        },
      });
      await app.publish('first');
      await app.passed('c', 1);
      await servers.caughtUp();

      await servers.hold();
      later(() => servers.release());
      proxy.splits = true;
      for (let count = 0; count < 20; count++) await app.publish('a');
      // Nothing is seen of what was published: it waits, and nobody says anything wrong of it.
      await until(() => proxy.reads > 100, { what: 'looks at the replica' });
      expect((await pending())[0]).toEqual({ n: 20 });
      await servers.release();
      for (let count = 0; count < 20; count++) await app.publish('b');
      await until(async () => (await handled()).length >= 41, {
        what: 'all to be handled',
        timeoutMs: 60_000,
      });
      expect(await handled()).toEqual(range(1, 41));
      // A few attempts are in vain while the replica is behind, not thousands.
      expect(calls).toBeLessThan(41 * 5);
      expect(recording.lines.filter((line) => /truncated|halted/.test(line))).toEqual([]);
      expect((await app.consumers.get('c')).state).toBe('running');
    });

    const pending = () =>
      database.query('SELECT COUNT(*) AS n FROM eventx_events WHERE seq IS NULL');
    const handled = async () =>
      (await database.query('SELECT seq FROM effects ORDER BY seq')).map(({ seq }) => Number(seq));
  });
});
