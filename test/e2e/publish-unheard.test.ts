import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { getDataSourceToken } from '@nestjs/typeorm';
import { EventxEventEntity, EventxModule, EventxPublishError, EventxService } from 'nestjs-eventx';
import type { DataSource, QueryRunner } from 'typeorm';

import { QUIET, startAppOn, startNest, type TestApp, typeOrm } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';

/** TypeORM declares it read-only, and assigns it itself. */
interface Changeable {
  subscribers: unknown[];
}

describe.each(DATABASES)(
  'G1 atomic: nothing is committed without its events, though TypeORM tells us nothing, on %s',
  (database) => {
    let log: TestApp;
    let dataSource: DataSource;
    beforeEach(async () => {
      log = await startAppOn(database);
      ({ dataSource } = log);
      await dataSource.query('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    });
    afterEach(() => log.close());

    /** A transaction that writes an order and publishes. */
    const place = (id: number, meanwhile: (connection: QueryRunner) => void = () => undefined) =>
      dataSource.transaction(async (manager) => {
        await manager.query(`INSERT INTO orders VALUES (${id})`);
        await log.eventx.publish(manager, { type: `placed ${id}` });
        meanwhile(manager.queryRunner!);
      });
    const orders = async () => {
      const rows = await dataSource.query<{ id: number }[]>('SELECT id FROM orders ORDER BY id');
      return rows.map(({ id }) => `placed ${id}`);
    };
    const reconnect = async () => {
      await dataSource.destroy();
      await dataSource.initialize();
    };

    test('when the data source was initialized again', async () => {
      await place(1);
      await reconnect();
      await place(2);
      await dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO orders VALUES (3)');
        await manager.transaction((inner) => log.eventx.publish(inner, { type: 'placed 3' }));
      });
      expect(await typesAfter(log, 0)).toEqual(await orders());
    });

    test('when a savepoint began before we heard of anything', async () => {
      await reconnect();
      await dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO orders VALUES (1)');
        await manager
          .transaction(async (inner) => {
            await log.eventx.publish(inner, { type: 'rolled back' });
            throw new Error('changed my mind');
          })
          .catch(() => undefined);
        await log.eventx.publish(manager, { type: 'placed 1' });
      });
      expect(await typesAfter(log, 0)).toEqual(['placed 1']);
    });

    test('when an entity is saved after that: the poll finds it', async () => {
      await reconnect();
      const event = dataSource.manager.create(EventxEventEntity, {
        type: 'saved',
        data: Buffer.from('1'),
      });
      await dataSource.manager.save(event);
      log.eventx.signal();
      expect(await typesAfter(log, 0)).toEqual(['saved']);
    });

    test.each<[string, () => void]>([
      ['replaces', () => ((dataSource as unknown as Changeable).subscribers = [])],
      ['empties', () => dataSource.subscribers.splice(0)],
    ])('when the application %s the subscribers', async (_, change) => {
      change();
      await place(1);
      await place(2, change);
      await place(3);
      expect(await typesAfter(log, 0)).toEqual(await orders());
    });

    test('when the application replaces the broadcaster of a connection', async () => {
      await place(1, (connection) => {
        const silent = { broadcast: () => Promise.resolve(), broadcastAfterQueryEvent: () => null };
        Object.assign(connection, { broadcaster: silent });
      });
      log.eventx.signal();
      await place(2);
      expect(await typesAfter(log, 0)).toEqual(await orders());
    });

    test('when the application sends the COMMIT itself', async () => {
      const connection = dataSource.createQueryRunner();
      await connection.startTransaction();
      await connection.query('INSERT INTO orders VALUES (1)');
      await log.eventx.publish(connection.manager, { type: 'placed 1' });
      await connection.query('commit');
      await connection.release();
      log.eventx.signal();
      expect(await typesAfter(log, 0)).toEqual(['placed 1']);
      expect(await orders()).toEqual(['placed 1']);
    });

    test('when the application gives the connection back in the middle of a transaction', async () => {
      const connection = dataSource.createQueryRunner();
      await connection.startTransaction();
      await connection.query('INSERT INTO orders VALUES (1)');
      await log.eventx.publish(connection.manager, { type: 'placed 1' });
      await connection.release();
      // Whoever gets that connection next would commit the order by beginning.
      await place(2);
      expect(await orders()).toEqual(['placed 2']);
      expect(await typesAfter(log, 0)).toEqual(['placed 2']);
    });

    test('when publish comes while the COMMIT is under way: it is refused', async () => {
      const connection = dataSource.createQueryRunner();
      await connection.startTransaction();
      await connection.query('INSERT INTO orders VALUES (1)');
      const query = connection.query.bind(connection) as (sql: string) => Promise<unknown>;
      let late: Promise<unknown> | undefined;
      connection.query = ((sql: string) => {
        const result = query(sql);
        if (sql === 'COMMIT') {
          late = log.eventx.publish(connection.manager, { type: 'late' });
          late.catch(() => undefined);
        }
        return result;
      }) as QueryRunner['query'];
      await connection.commitTransaction();
      await connection.release();
      await expect(late).rejects.toThrow(/too late.*Await publish/);
      expect(await typesAfter(log, 0)).toEqual([]);
    });
  },
);

test('G1 atomic: a deadlock that nobody has told us of leaves no events without their rows', async () => {
  const log = await startAppOn('mariadb');
  try {
    await log.dataSource.destroy();
    await log.dataSource.initialize();
    const careless = log.dataSource.transaction(async (manager) => {
      // As a deadlock does.
      await manager.query('ROLLBACK');
      await log.eventx.publish(manager, { type: 'lost' });
    });
    await expect(careless).rejects.toBeInstanceOf(EventxPublishError);
    await expect(careless).rejects.toThrow(/rolled this transaction back by itself/);
    expect(await typesAfter(log, 0)).toEqual([]);
  } finally {
    await log.close();
  }
});

describe.each(DATABASES)(
  'two logs in a data source that is initialized again on %s',
  (database) => {
    const later = cleanUpAfterEach();

    test('both go on', async () => {
      const { options, remove } = await emptyDatabase(database);
      later(remove);
      const app = await startNest([
        typeOrm(options),
        EventxModule.forRoot({ ...QUIET }),
        EventxModule.forRoot({ ...QUIET, name: 'audit', tables: { prefix: 'audit_' } }),
      ]);
      later(() => app.close());
      const dataSource = app.get<DataSource>(getDataSourceToken());
      const orders = app.get<EventxService>(EventxService);
      const audit = app.get<EventxService>('EventxService:audit');
      await dataSource.destroy();
      await dataSource.initialize();
      await dataSource.transaction(async (manager) => {
        await orders.publish(manager, { type: 'order' });
        await audit.publish(manager, { type: 'entry' });
      });
      const [order] = await orders.subscriber({ from: 1 }).fetch();
      const [entry] = await audit.subscriber({ from: 1 }).fetch();
      expect([order!.type, entry!.type]).toEqual(['order', 'entry']);
    });
  },
);
