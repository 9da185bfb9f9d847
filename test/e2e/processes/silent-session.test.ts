import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../../support/databases.js';
import { mysqlStorage } from '../../support/faults/mysql-storage.js';
import { TcpProxy } from '../../support/faults/tcp-proxy.js';
import { Replicas } from '../../support/processes/replicas.js';
import { until } from '../../support/until.js';

/** For processes that stop answering, with locks in their hands and their connections open: frozen, or cut off from the network. */
describe('G6 any replica: a session that has fallen silent', () => {
  const later = cleanUpAfterEach();
  const LEASE = 400;
  let database: TestDatabase;
  let silent: Connection;
  beforeEach(async () => {
    database = await createDatabase();
    silent = await createConnection({ uri: database.url });
  });
  afterEach(async () => {
    silent.destroy();
    await database.drop();
  });

  async function start(): Promise<ConsumerApp> {
    const app = await startConsumerApp(database.options, {
      options: { consumers: { lease: LEASE } },
    });
    later(() => app.close());
    // Whatever it holds, it would hold up the end.
    later(() => silent.destroy());
    return app;
  }

  async function row(consumer: string) {
    const [found] = await database.query(
      'SELECT owner, epoch, lease_until, seq FROM eventx_offsets WHERE consumer = ?',
      [consumer],
    );
    return found!;
  }

  test.each([
    ['', 0],
    [', not even where there are many', 12],
  ])('with the lock of one consumer’s offset harms no other consumer%s', async (_what, many) => {
    const app = await start();
    const names = Array.from({ length: many }, (_, index) => `n${index}`);
    for (const name of names) app.consume({ name, handle: () => undefined });
    for (const name of names) await app.became(name, 'running');
    app.consume({ name: 'free', handle: () => undefined });
    await app.became('free', 'running');
    const before = await row('free');
    await database.query(
      "INSERT INTO eventx_offsets (log, consumer, seq) VALUES ('eventx_events', 'locked', 0)",
    );
    await silent.query('BEGIN');
    await silent.query(
      "UPDATE eventx_offsets SET epoch = 7 WHERE log = 'eventx_events' AND consumer = 'locked'",
    );
    app.consume({ name: 'locked', handle: () => undefined });
    await until(
      async () => {
        const [waiting] = await silent.query<RowDataPacket[]>(
          "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE%'",
        );
        return waiting.length > 0;
      },
      { what: 'the consumer to be waited for' },
    );

    // Its lease goes on being renewed.
    const end = Number(before['lease_until']) + 3 * LEASE;
    await until(async () => Number((await row('free'))['lease_until']) > end, {
      what: 'renewals of the lease',
    });
    expect(await row('free')).toMatchObject({ owner: before['owner'], epoch: before['epoch'] });
    await app.write('a');
    expect((await app.finished('free')).offset).toBe(1);

    await silent.query('ROLLBACK');
    await app.finished('locked');
  });

  test('between the move of an offset and the commit is ended by the server, and another takes over', async () => {
    const replicas = await Replicas.open();
    later(() => replicas.close());
    const settings = {
      options: { pollInterval: 20, consumers: { lease: LEASE } },
      consumers: [{ name: 'c', transactional: true }],
    };
    await replicas.start('anna', { ...settings, writers: 1, restMs: 100, freezes: true });
    await replicas.until(() => replicas.handled.length > 0, 'the handler to end');
    await replicas.start('ben', { ...settings, writers: 1, restMs: 100 });
    await replicas.until(() => replicas.handlerOf('c') === 'ben', 'the other one to take over');
    await replicas.until(async () => (await replicas.effects('c')).length > 5, 'some effects');
    expect((await replicas.effects('c')).slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  }, 120_000);

  test('in the middle of numbering, with the statements for MySQL, stops numbering for a moment only', async () => {
    const app = await start();
    await app.write('a');
    const proxy = await TcpProxy.to(database.url);
    later(() => proxy.close());
    const { storage, dataSource, close } = await mysqlStorage({
      ...database.options,
      url: proxy.url,
    });
    later(() => dataSource.destroy());
    later(close);
    let frozen = false;
    proxy.mishap = (statement) => {
      frozen ||= /^[^A-Z]*COMMIT/.test(statement);
      return frozen ? 'the statement is late' : undefined;
    };
    await database.query("INSERT INTO eventx_events (type, uuid, data) VALUES ('b', '', '{}')");
    const log = await storage.readState();
    const numbering = storage.sequence(log, await storage.readPending(10));
    numbering.catch(() => undefined);
    await until(() => frozen, { what: 'the commit to be held up' });

    await app.publish('c');
    await app.reached(3);
    proxy.release();
    await expect(numbering).rejects.toThrow();
    const rows = await database.query('SELECT seq, type FROM eventx_events ORDER BY seq');
    expect(rows.map(({ type }) => type)).toEqual(['a', 'b', 'c']);
  }, 120_000);

  test('the limit is lifted again: the pool’s connections may be idle as long as ever', async () => {
    const app = await start();
    app.consume({ name: 'c', transactional: true, handle: () => undefined });
    app.consume({ name: 'lanes', transactional: true, concurrency: 4, handle: () => undefined });
    app.consume({
      name: 'failing',
      transactional: true,
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: () => Promise.reject(new Error('no')),
    });
    for (let times = 0; times < 5; times++) await app.write('a', 'b');
    for (const name of ['c', 'lanes', 'failing']) await app.finished(name);
    const [usual] = await database.query('SELECT @@wait_timeout AS seconds');
    const connections = Array.from({ length: 10 }, () => app.dataSource.createQueryRunner());
    await Promise.all(connections.map((connection) => connection.connect()));
    for (const connection of connections) {
      const [found] = (await connection.query('SELECT @@wait_timeout AS seconds')) as [
        { seconds: unknown },
      ];
      expect(Number(found.seconds)).toBe(usual!['seconds']);
      await connection.release();
    }
  });
});
