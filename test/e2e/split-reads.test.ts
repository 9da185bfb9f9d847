import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxDoctor, type EventxModuleOptions, EventxSchemaError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../support/consumers/app.js';
import { Effects } from '../support/consumers/effects.js';
import { connect } from '../support/data-sources.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { finding } from '../support/doctor.js';
import { take } from '../support/reading.js';
import { NestRecording } from '../support/recording-nest.js';
import { ReplicatedServer } from '../support/replication.js';
import { SplittingProxy, type SplittingRules } from '../support/splitting-proxy.js';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

/** What the replica answers is so old, in seconds. */
const BEHIND = 1;
const COUNT = 40;
const ALLOWED: EventxModuleOptions = { allowUnsafe: ['split-reads'] };

describe('G4, G5, G8: a proxy that sends SELECTs to a replica which is behind', () => {
  const later = cleanUpAfterEach();
  let servers: ReplicatedServer;
  let database: TestDatabase;
  let recording: NestRecording;
  beforeAll(async () => {
    servers = await ReplicatedServer.start();
  }, 180_000);
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = await createDatabase(servers.primary.url());
    later(() => database.drop());
    await servers.caughtUp();
    recording = new NestRecording();
  });

  async function proxied(rules?: SplittingRules) {
    const proxy = await SplittingProxy.between(database.url, servers.replica.url(), rules);
    later(() => proxy.close());
    const start = async (options: EventxModuleOptions = {}) => {
      const app = await startConsumerApp(
        { ...database.options, url: proxy.url },
        { options: { pollInterval: 50, consumers: { lease: 1000 }, ...options } },
      );
      later(() => app.close());
      // Its start has silenced them.
      later(recording.start());
      return app;
    };
    return { proxy, start };
  }

  /** Makes the tables, and those of the effects, on both; then the replica falls behind. */
  async function withOldReads(): Promise<Effects> {
    const dataSource = await connect(database.options);
    later(() => dataSource.destroy());
    const effects = await Effects.in(dataSource);
    await (await startConsumerApp(database.options)).close();
    await servers.caughtUp();
    await servers.delay(BEHIND);
    later(() => servers.delay(0));
    return effects;
  }

  /** Waits for the offset as it is, not as it was. */
  const passed = (consumer: string, seq: number) =>
    until(
      async () => {
        const sql = 'SELECT seq FROM eventx_offsets WHERE consumer = ?';
        const [row] = await database.query(sql, [consumer]);
        return Number(row?.['seq']) >= seq;
      },
      { what: `the consumer "${consumer}" to pass seq ${seq}`, timeoutMs: 45_000 },
    );

  const numbered = (count: number) =>
    until(
      async () => {
        const [row] = await database.query('SELECT MAX(seq) AS last FROM eventx_events');
        return Number(row?.['last']) === count;
      },
      { what: `${count} events to be numbered`, timeoutMs: 45_000 },
    );

  test('is found when an application starts, which is refused, and nothing is made', async () => {
    const { start } = await proxied();
    const starting = start();
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(
      /^Reads and writes of one connection are answered by different servers.*primary itself.*allowUnsafe: \['split-reads'\]\.$/,
    );
    expect(await database.query('SHOW TABLES')).toEqual([]);
  });

  test.each(['primary', 'replica'] as const)(
    'is found by the doctor when it begins later; reads in transactions go to the %s',
    async (inTransactions) => {
      const { proxy, start } = await proxied({ inTransactions });
      proxy.splits = false;
      const { app } = await start();
      const names = async () =>
        (await app.get(EventxDoctor).examine()).map(({ check }) => String(check));
      expect(await names()).not.toContain('split-reads');
      await servers.caughtUp();
      proxy.splits = true;
      expect(await app.get(EventxDoctor).examine()).toContainEqual(
        finding(
          'split-reads',
          'unsafe',
          /different servers/,
          /^Connect the data source of the log/,
        ),
      );
    },
  );

  test.each(['primary', 'replica'] as const)(
    'loses nothing, repeats nothing and cuts nothing off where it is allowed; reads in transactions go to the %s',
    async (inTransactions) => {
      const effects = await withOldReads();
      const { proxy, start } = await proxied({ inTransactions });
      const calls: number[] = [];
      const consumeIn = (app: ConsumerApp) => {
        app.consume({ name: 'plain', handle: ({ seq }) => void calls.push(seq) });
        app.consume({
          name: 'transactional',
          transactional: true,
          handle: async ({ seq }, { manager }) => {
            calls.push(seq);
            await effects.add('transactional', seq, manager);
          },
        });
      };
      const [one, two] = [await start(ALLOWED), await start(ALLOWED)];
      const reading = take(two.eventx.subscriber({ from: 1 }), COUNT);
      for (const app of [one, two]) consumeIn(app);
      // In pieces, so that there is something to number while what is read is old.
      for (let count = 1; count <= COUNT / 2; count++) {
        await one.publish('n');
        if (count % 5 === 0) await numbered(count);
      }
      // All that it had goes to the other one.
      await one.close();
      await two.publish(...Array<string>(COUNT / 2).fill('n'));
      for (const consumer of ['plain', 'transactional']) await passed(consumer, COUNT);

      expect((await reading).map(({ seq }) => seq)).toEqual(range(1, COUNT));
      expect(await effects.seqs('transactional')).toEqual(range(1, COUNT));
      expect([...new Set(calls)].sort((a, b) => a - b)).toEqual(range(1, COUNT));
      // Once each, and a batch again where the one had it in hand and the other took it.
      expect(calls.length).toBeLessThan(COUNT * 2 * 3);
      const rows = await database.query('SELECT id, seq FROM eventx_events ORDER BY seq');
      expect(rows.map(({ seq }) => Number(seq))).toEqual(range(1, COUNT));
      expect(recording.text).not.toMatch(/truncated|moved back|halted/i);
      expect(proxy.reads).toBeGreaterThan(COUNT);
    },
  );

  test('a lease that is really lost there, again and again, is taken up less and less often', async () => {
    await withOldReads();
    const { start } = await proxied();
    const app = await start(ALLOWED);
    let robbed = true;
    const calls: number[] = [];
    app.consume({
      name: 'c',
      handle: async ({ seq }) => {
        calls.push(seq);
        if (robbed) {
          await database.query(
            "UPDATE eventx_offsets SET owner = 'web-2:1:00', epoch = epoch + 1, lease_until = 0 WHERE consumer = 'c'",
          );
        }
      },
    });
    await app.publish(...Array<string>(COUNT).fill('n'));
    const waits = () =>
      [...recording.text.matchAll(/"c".* was lost: web-2:1:00 .* next try in (\d+) ms/g)].map(
        ([, ms]) => Number(ms),
      );
    await until(() => waits().length === 3, { what: 'the third wait', timeoutMs: 45_000 });
    robbed = false;
    expect(waits()).toEqual(waits().sort((a, b) => a - b));
    expect(waits()[2]).toBeGreaterThanOrEqual(200);
    await passed('c', COUNT);
    expect(calls.slice(-COUNT)).toEqual(range(1, COUNT));
    expect(calls.length).toBeLessThanOrEqual(COUNT * 5);
  });
});
