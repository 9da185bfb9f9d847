import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxDoctor } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../support/consumers/app.js';
import { Effects } from '../support/consumers/effects.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { finding } from '../support/doctor.js';
import { type ClusterOptions, ReplicatedServer } from '../support/replication.js';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

/** TypeORM's option `replication`: a cluster of pools, which takes a server out of use that it could not reach a few times. */
describe('G9: a data source with a primary and a replica, whose primary goes away for a while', () => {
  const later = cleanUpAfterEach();
  let servers: ReplicatedServer;
  let database: TestDatabase;
  beforeAll(async () => {
    servers = await ReplicatedServer.start({ durable: true });
  }, 180_000);
  afterAll(() => servers.stop());
  beforeEach(async () => {
    database = await createDatabase(servers.primary.url());
    later(() => database.drop());
    await servers.caughtUp();
  });

  async function start(cluster?: ClusterOptions) {
    const app = await startConsumerApp(servers.options(database.name, cluster), {
      options: { pollInterval: 20 },
    });
    later(() => app.close());
    const effects = await Effects.in(app.dataSource);
    const seen: number[] = [];
    app.consume({ name: 'plain', handle: ({ seq }) => void seen.push(seq) });
    app.consume({
      name: 'transactional',
      transactional: true,
      handle: ({ seq }, { manager }) => effects.add('transactional', seq, manager),
    });
    await app.fill(5);
    await app.passed('plain', 5);
    await app.passed('transactional', 5);
    return { ...app, effects, seen };
  }

  /** The primary goes away, and comes back when the application has tried to publish until its pool says that. */
  async function awayUntil(app: ConsumerApp, said: RegExp): Promise<void> {
    await servers.primary.kill();
    const outcome = () => app.publish('n').then(() => 'published', String);
    await until(async () => said.test(await outcome()), { what: `the pool to say ${said}` });
    await until(() => app.runner.status.failures > 2, { what: 'the runner to notice' });
    await servers.primary.start();
  }

  test('publishing, numbering and consumers go on, and all of it is the primary’s', async () => {
    const connected = await servers.watchReplica(database.name);
    const app = await start({ restoreNodeTimeout: 300 });
    await awayUntil(app, /does Not have online node/);
    await until(() => app.publish('n').then(() => true), { what: 'the pool to have it back' });
    await app.fill(5);
    await app.passed('plain', 11);
    await app.passed('transactional', 11);
    expect(app.seen).toEqual(range(1, 11));
    expect(await app.effects.seqs('transactional')).toEqual(range(1, 11));
    await app.retention.runOnce();
    expect(await app.app.get(EventxDoctor).examine()).toEqual([]);
    expect(await connected()).toBe(0);
    // The watch would have seen it.
    const reading = app.dataSource.createQueryRunner('slave');
    await reading.query('SELECT 1');
    await reading.release();
    expect(await connected()).toBe(1);
  });

  test('the log goes on even where the pool has given it up for ever, which the doctor says', async () => {
    const app = await start();
    await awayUntil(app, /does Not exist/);
    await database.query("INSERT INTO eventx_events (type, uuid, data) VALUES ('raw', '', '1')");
    await app.passed('plain', 6);
    expect(app.seen).toEqual(range(1, 6));
    await expect(app.publish('n')).rejects.toThrow(/does Not exist/);
    expect(await app.app.get(EventxDoctor).examine()).toEqual([
      finding(
        'application-pool',
        'error',
        /gives no connection.*lost the database/,
        /restart the process/,
      ),
      finding('replication-restore', 'warning', /for ever/, /restoreNodeTimeout/),
    ]);
  });
});
