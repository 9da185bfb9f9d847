import { describe, expect, test } from '@jest/globals';
import { eventxMigrations, eventxSchemaSql } from 'nestjs-eventx';
import type { MigrationInterface, QueryRunner } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { definitionOf, tablesOf } from '../support/schema.js';
import { runScript } from '../support/script.js';
import { seqsOf } from '../support/stored-events.js';

class CreateOrders1700000000000 implements MigrationInterface {
  async up(connection: QueryRunner): Promise<void> {
    await connection.query('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
  }

  async down(connection: QueryRunner): Promise<void> {
    await connection.query('DROP TABLE orders');
  }
}

describe.each(DATABASES)('the schema made by other means than the module on %s', (database) => {
  const later = cleanUpAfterEach();
  const HAND = { migrate: false } as const;

  const empty = async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    return options;
  };

  /** What the module itself would make. */
  const expected = async (tables?: { prefix: string }) => {
    const options = await empty();
    const log = await startApp(options, { extras: tables ? { tables } : {} });
    later(() => log.close());
    return definitions(log.dataSource);
  };

  const definitions = async (dataSource: Awaited<ReturnType<typeof connect>>) => {
    const made: Record<string, string> = {};
    for (const table of await tablesOf(dataSource)) {
      if (/event/.test(table)) made[table] = await definitionOf(dataSource, table);
    }
    return made;
  };

  test('eventxMigrations() in the application’s own list make the same, among its own', async () => {
    const options = await empty();
    const migrations = [CreateOrders1700000000000, ...eventxMigrations()];
    const log = await startApp({ ...options, migrations, migrationsRun: true }, { options: HAND });
    later(() => log.close());
    expect(await tablesOf(log.dataSource)).toEqual(
      expect.arrayContaining(['eventx_events', 'orders']),
    );
    expect(await definitions(log.dataSource)).toEqual(await expected());
    await log.publish('a');
    await log.reached(1);
  });

  test('eventxMigrations() find done what the module did, and the other way round', async () => {
    const options = await empty();
    const first = await startApp(options);
    await first.publish('a');
    await first.reached(1);
    await first.close();

    const migrations = eventxMigrations();
    const second = await startApp({ ...options, migrations, migrationsRun: true });
    expect(await second.dataSource.showMigrations()).toBe(false);
    await second.publish('b');
    expect(seqsOf(await take(second.eventx.subscriber({ from: 1 }), 2))).toEqual([1, 2]);
    await second.close();
  });

  test('eventxMigrations() of two logs are told apart', async () => {
    const options = await empty();
    const migrations = [
      ...eventxMigrations(),
      ...eventxMigrations({ tables: { prefix: 'audit_' } }),
    ];
    const dataSource = await connect(options, { migrations });
    later(() => dataSource.destroy());
    await dataSource.runMigrations();
    expect(await definitions(dataSource)).toMatchObject(await expected({ prefix: 'audit_' }));
    expect(await tablesOf(dataSource)).toEqual(
      expect.arrayContaining(['eventx_events', 'audit_eventx_events']),
    );
  });

  test('undone and done again, they lose neither an event nor a number', async () => {
    const options = await empty();
    const migrations = eventxMigrations();
    const first = await startApp(
      { ...options, migrations, migrationsRun: true },
      { options: HAND },
    );
    await first.publish('a', 'b');
    await first.reached(2);
    for (const _ of migrations) await first.dataSource.undoLastMigration();
    await expect(startApp(options, { options: HAND })).rejects.toThrow(/schema lacks/);
    await first.dataSource.runMigrations();
    await first.close();

    const second = await startApp(options, { options: HAND });
    later(() => second.close());
    await second.publish('c');
    const events = await take(second.eventx.subscriber({ from: 1 }), 3);
    expect(events.map(({ type }) => type)).toEqual(['a', 'b', 'c']);
  });

  test.each([undefined, { prefix: 'shop_' }])(
    'eventxSchemaSql(), run as a script, makes the same (tables: %j)',
    async (tables) => {
      const options = await empty();
      const dataSource = await connect(options);
      later(() => dataSource.destroy());
      const script = eventxSchemaSql(database, tables ? { tables } : {});
      await runScript(dataSource, script);
      await runScript(dataSource, script);
      expect(await definitions(dataSource)).toEqual(await expected(tables));
      const log = await startApp(options, { options: HAND, extras: tables ? { tables } : {} });
      later(() => log.close());
      await log.publish('a');
      await log.reached(1);
    },
  );

  test('eventxSchemaSql() for MySQL is what MariaDB gets', () => {
    expect(eventxSchemaSql('mysql')).toBe(eventxSchemaSql('mariadb'));
  });
});
