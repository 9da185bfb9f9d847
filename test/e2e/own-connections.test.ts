import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EventxEvent, EventxDoctor } from 'nestjs-eventx';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { startApp, type TestApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../support/consumers/app.js';
import { Gate } from '../support/consumers/gate.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { holdAllConnections } from '../support/faults/connections.js';
import { take } from '../support/reading.js';
import { until } from '../support/until.js';

/** What the application does with its pool, and what its driver makes of rows, is no matter of the log. */
describe('G4, G5: connections of the log’s own', () => {
  const later = cleanUpAfterEach();
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  async function started<A extends TestApp | ConsumerApp>(starting: Promise<A>): Promise<A> {
    const app = await starting;
    later(() => app.close());
    return app;
  }

  /** Takes a connection, begins a transaction on it, reads, and gives it back in the middle. */
  async function leak(dataSource: DataSource): Promise<void> {
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    await runner.query('START TRANSACTION');
    await runner.query('SELECT * FROM eventx_state');
    await runner.query('SELECT * FROM eventx_events');
    await runner.release();
  }

  test('a transaction that the application leaks into its pool stalls nothing and truncates nothing', async () => {
    const app = await started(
      startConsumerApp(database.options, { options: { pollInterval: 20 } }),
    );
    const seen: number[] = [];
    app.consume({ name: 'c', handle: ({ seq }: EventxEvent) => void seen.push(seq) });
    await app.publish('a');
    await app.reached(1);
    for (let times = 0; times < 10; times++) await leak(app.dataSource);
    await database.query(
      `INSERT INTO eventx_events (type, uuid, data) VALUES ${Array(20).fill("('raw', '', '1')").join(', ')}`,
    );
    await app.finished('c');
    await app.passed('c', 21);
    expect(seen).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    expect(app.runner.status.failures).toBe(0);
    expect((await app.consumers.get('c')).state).toBe('running');
  });

  test('USE of another database on a connection of the pool leads nothing astray', async () => {
    const other = await createDatabase();
    later(() => other.drop());
    const app = await started(
      startConsumerApp({ ...database.options, extra: { connectionLimit: 1 } }),
    );
    app.consume({ name: 'c', transactional: true, handle: () => undefined });
    await app.publish('a');
    await app.passed('c', 1);
    await app.dataSource.query(`USE ${other.name}`);
    await app.publish('b', 'c');
    await app.passed('c', 3);
    await app.dataSource.query(`USE ${database.name}`);
  });

  test('a typeCast, dateStrings and rowsAsArray of the application change no payload', async () => {
    const extra = {
      typeCast: (field: { type: string; string(): unknown }, next: () => unknown) =>
        /BLOB|LONGLONG/.test(field.type) ? `text: ${String(field.string())}` : next(),
      dateStrings: true,
    };
    const app = await started(startApp({ ...database.options, extra }));
    await app.dataSource.transaction((manager) =>
      app.eventx.publish(manager, { type: 'a', key: 'k', data: { n: 1 } }),
    );
    await app.reached(1);
    await app.close();
    const reader = await started(startApp({ ...database.options, extra }));
    const [event] = await take(reader.eventx.subscriber({ from: 1 }), 1);
    expect(event).toMatchObject({ seq: 1, id: 1, type: 'a', key: 'k', data: { n: 1 } });
  });

  test('handlers that hold the whole pool keep their leases, and the log goes on', async () => {
    const app = await started(
      startConsumerApp(
        { ...database.options, extra: { connectionLimit: 2 } },
        { options: { consumers: { lease: 400 }, pollInterval: 20 } },
      ),
    );
    const gate = new Gate();
    later(() => gate.open());
    const names = ['one', 'two', 'three'];
    const attempts: string[] = [];
    await app.publish('a');
    for (const name of names) {
      app.consume({
        name,
        transactional: true,
        handle: async () => {
          attempts.push(name);
          await gate.pass();
        },
      });
    }
    await until(() => attempts.length === 2, { what: 'two handlers to hold the pool' });
    // By hand: the pool has nothing left to publish with.
    await database.query("INSERT INTO eventx_events (type, uuid, data) VALUES ('raw', '', '1')");
    await app.reached(2);
    const [{ until: begun = 0 } = {}] = await database.query<{ until: number }>(
      'SELECT MIN(lease_until) AS `until` FROM eventx_offsets',
    );
    await until(
      async () => {
        const [row] = await database.query<{ until: number }>(
          'SELECT MIN(lease_until) AS `until` FROM eventx_offsets WHERE owner IS NOT NULL',
        );
        return Number(row?.until) > Number(begun) + 1200;
      },
      { what: 'three lengths of the lease to pass', timeoutMs: 45_000 },
    );
    expect(attempts).toHaveLength(2);
    gate.open();
    for (const name of names) await app.passed(name, 2);
    expect(attempts.filter((name) => name === 'one')).toHaveLength(2);
  });

  test('the doctor looks, and says that the pool is exhausted', async () => {
    const app = await started(
      startApp(
        { ...database.options, extra: { connectionLimit: 2 } },
        { options: { queryTimeout: 1000 } },
      ),
    );
    const release = await holdAllConnections(app.dataSource, 2);
    later(release);
    const findings = await app.app.get(EventxDoctor).examine();
    expect(findings.map(({ check }) => check)).toContain('application-pool');
    expect(findings.map(({ check }) => check)).not.toContain('database-unreachable');
  });

  test('a data source that is initialized again, with other credentials, takes them along', async () => {
    // Nothing polls: else what is at rest would be found out of date while there is no data source.
    const app = await started(startConsumerApp(database.options));
    app.consume({ name: 'c', handle: () => undefined });
    await app.publish('a');
    await app.passed('c', 1);
    const user = database.name.slice(-16);
    await database.query(`CREATE USER ${user} IDENTIFIED BY 'rotated'`);
    later(() => database.query(`DROP USER ${user}`));
    await database.query(`GRANT ALL ON ${database.name}.* TO ${user}`);
    const { host, port } = new URL(database.url);
    await app.dataSource.destroy();
    const url = `mysql://${user}:rotated@${host.replace(`:${port}`, '')}:${port}/${database.name}`;
    Object.assign(app.dataSource.driver.options, { url });
    await app.dataSource.initialize();
    await app.publish('b');
    await app.passed('c', 2);
    await until(
      async () => {
        const sessions = await database.query<{ user: string }>(
          'SELECT user FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
          [database.name],
        );
        return sessions.every((session) => session.user === user);
      },
      { what: 'the sessions of the former user to end', timeoutMs: 45_000 },
    );
  });

  test('one is enough', async () => {
    const app = await started(startConsumerApp(database.options, { options: { connections: 1 } }));
    for (const name of ['one', 'two', 'three']) {
      app.consume({ name, concurrency: 3, transactional: name === 'two', handle: () => undefined });
    }
    await app.fill(500);
    for (const name of ['one', 'two', 'three']) await app.finished(name);
    await app.retention.runOnce();
  });

  test('a process at rest closes those it does not need', async () => {
    const app = await started(startApp(database.options, { options: { run: false } }));
    await app.dataSource.query('SELECT 1');
    const ofPool = 1;
    await until(async () => (await database.connectionCount()) <= ofPool, {
      what: 'the connections of the log to be closed',
      timeoutMs: 45_000,
    });
    await app.publish('a');
  });
});

@Entity({ name: 'shop_log', database: 'elsewhere' })
class PlacedElsewhere {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ type: 'bigint', nullable: true, unique: true })
  seq!: number;

  get size(): number {
    return 1;
  }
}

describe('G2, G4: an own entity in another database than its data source’s', () => {
  const later = cleanUpAfterEach();

  test('is numbered where TypeORM writes it, whatever else has its name', async () => {
    const [database, other] = [await createDatabase(), await createDatabase()];
    later(() => database.drop());
    later(() => other.drop());
    const table =
      'CREATE TABLE shop_log (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, seq BIGINT UNSIGNED NULL UNIQUE)';
    await database.query(table);
    await other.query(table);
    Entity({ name: 'shop_log', database: other.name })(PlacedElsewhere);
    const app = await startApp<PlacedElsewhere>(database.options, {
      extras: { entity: PlacedElsewhere },
      entities: [PlacedElsewhere],
    });
    later(() => app.close());
    await app.dataSource.manager.save(new PlacedElsewhere());
    await app.reached(1);
    expect(await other.query('SELECT id, seq FROM shop_log')).toMatchObject([{ id: 1, seq: 1 }]);
    expect(await database.query('SELECT name, last_seq FROM eventx_state')).toMatchObject([
      { name: `${other.name}.shop_log`, last_seq: 1 },
    ]);
    expect(await database.query('SELECT id FROM shop_log')).toEqual([]);
  });
});
