import { describe, expect, test } from '@jest/globals';
import { EventxSchemaError } from 'nestjs-eventx';

import { dialectNamed } from '../../lib/typeorm/dialects/index.js';
import { SCHEMA_VERSIONS, versionStatements } from '../../lib/typeorm/schema/versions.js';
import { logTables, resolveTables } from '../../lib/typeorm/tables.js';
import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { definitionOf, tablesOf } from '../support/schema.js';
import { range, seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('the schema on %s', (database) => {
  const later = cleanUpAfterEach();

  const empty = async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const dataSource = await connect(options);
    later(() => dataSource.destroy());
    return { options, dataSource };
  };

  const snapshot = async (dataSource: Awaited<ReturnType<typeof connect>>) => {
    const tables = await tablesOf(dataSource);
    const definitions = [];
    for (const table of tables) definitions.push(await definitionOf(dataSource, table));
    const versions = await dataSource.query<unknown[]>('SELECT * FROM eventx_migrations');
    return { tables, definitions, versions };
  };

  test('is made at the start, from nothing', async () => {
    const { options, dataSource } = await empty();
    const log = await startApp(options);
    later(() => log.close());
    const tables = await tablesOf(dataSource);
    expect(tables).toEqual(
      expect.arrayContaining(['eventx_events', 'eventx_migrations', 'eventx_state']),
    );
    expect(tables.every((table) => /^(events$|eventx_)/.test(table))).toBe(true);
    await log.publish('a');
    await log.reached(1);
  });

  test('is left as it is by the next start, and so is the log', async () => {
    const { options, dataSource } = await empty();
    const first = await startApp(options);
    await first.publish('a', 'b');
    await first.reached(2);
    await first.close();
    const before = await snapshot(dataSource);
    const second = await startApp(options);
    later(() => second.close());
    expect(await snapshot(dataSource)).toEqual(before);
    expect(seqsOf(await take(second.eventx.subscriber({ from: 1 }), 2))).toEqual([1, 2]);
  });

  test('is made once when several instances start together', async () => {
    const { options, dataSource } = await empty();
    const logs = await Promise.all(range(1, 4).map(() => startApp(options)));
    for (const log of logs) later(() => log.close());
    const { versions } = await snapshot(dataSource);
    const names = (versions as { name: string }[]).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const state = await dataSource.query<unknown[]>('SELECT * FROM eventx_state');
    expect(state).toHaveLength(1);
    await Promise.all(logs.map((log) => log.publish('a')));
    for (const log of logs) log.eventx.signal();
    expect(seqsOf(await take(logs[0]!.eventx.subscriber({ from: 1 }), 4))).toEqual(range(1, 4));
  });

  test('that was made half, by a process that died, is completed', async () => {
    const { options, dataSource } = await empty();
    const log = await startApp(options);
    await log.publish('a');
    await log.reached(1);
    await log.close();
    const before = await snapshot(dataSource);
    await dataSource.query('DELETE FROM eventx_migrations');
    await dataSource.query('DROP TABLE eventx_state');
    const again = await startApp(options);
    later(() => again.close());
    const after = await snapshot(dataSource);
    expect(after.tables).toEqual(before.tables);
    expect(after.versions).toHaveLength(before.versions.length);
    // The numbers go on: the state is taken from the events that are there.
    await again.publish('b');
    expect(seqsOf(await take(again.eventx.subscriber({ from: 2 }), 1))).toEqual([2]);
  });

  test('of an older version comes to this one, with all that consumers have, also when the change is made twice', async () => {
    const { options, dataSource } = await empty();
    const fresh = await empty();
    const other = await startApp(fresh.options);
    later(() => other.close());
    const target = {
      dialect: dialectNamed(database),
      ...logTables(resolveTables()),
      withEvents: true,
      seqColumn: 'seq',
    };
    for (const version of SCHEMA_VERSIONS.filter(({ version }) => version <= 2)) {
      for (const sql of versionStatements(version, target)) await dataSource.query(sql);
    }
    const uuid = 'b7f1c2de-8a54-4f0b-9d3c-1f2e3d4c5b6a';
    await dataSource.query(
      'INSERT INTO eventx_offsets (log, consumer, seq, owner, last_error) ' +
        `VALUES ('eventx_events', 'c', 7, '${uuid}', 'oh')`,
    );
    for (let times = 0; times < 2; times++) {
      await dataSource.query('DELETE FROM eventx_migrations WHERE version = 3');
      const log = await startApp(options);
      const rows = await dataSource.query<unknown[]>('SELECT * FROM eventx_offsets');
      expect(rows).toEqual([
        expect.objectContaining({
          consumer: 'c',
          seq: expect.anything(),
          owner: uuid,
          last_error: 'oh',
          failing_since: null,
          stuck_since: null,
          stuck_at: null,
        }),
      ]);
      await log.close();
    }
    const made = await snapshot(dataSource);
    const expected = await snapshot(fresh.dataSource);
    expect([made.tables, made.definitions]).toEqual([expected.tables, expected.definitions]);
    await dataSource.query('UPDATE eventx_offsets SET owner = ?', [
      `${'w'.repeat(115)}:1:00000000`,
    ]);
  });

  test('is not made with "migrate: false": the start ends and says what to do', async () => {
    const { options, dataSource } = await empty();
    const starting = startApp(options, { options: { migrate: false } });
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(
      /schema lacks EventxLog.*"migrate: true".*eventxMigrations\(\).*eventxSchemaSql\(\)/,
    );
    expect(await tablesOf(dataSource)).toEqual([]);
  });

  test('has the names and the prefix that the options give', async () => {
    const { options, dataSource } = await empty();
    const tables = { prefix: 'shop_', events: 'Places' };
    const log = await startApp(options, { extras: { tables } });
    later(() => log.close());
    const names = await tablesOf(dataSource);
    expect(names).toEqual(expect.arrayContaining(['Places', 'shop_eventx_state']));
    expect(names.every((name) => /^(Places|shop_.*)$/.test(name))).toBe(true);
    await log.publish('a', 'b');
    expect(seqsOf(await take(log.eventx.subscriber({ from: 1 }), 2))).toEqual([1, 2]);
    expect(await dataSource.query('SELECT name FROM shop_eventx_state')).toEqual([
      { name: 'Places' },
    ]);
  });
});
