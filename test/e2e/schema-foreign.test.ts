import { describe, expect, test } from '@jest/globals';
import { EventxSchemaError } from 'nestjs-eventx';
import { Column, type DataSource, type DataSourceOptions, Entity, PrimaryColumn } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { tablesOf } from '../support/schema.js';

@Entity('eventx_offsets')
class Offset {
  @PrimaryColumn()
  id!: number;

  @Column()
  name!: string;
}

describe.each(DATABASES)('tables that are there before the log on %s', (database) => {
  const later = cleanUpAfterEach();

  async function empty(): Promise<{ options: DataSourceOptions; dataSource: DataSource }> {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const dataSource = await connect(options);
    later(() => dataSource.destroy());
    return { options, dataSource };
  }

  test.each([
    ['eventx_events', "events: '…'", 'type, key, headers, uuid, data, created_at'],
    ['eventx_state', "prefix: '…'", 'last_seq, epoch'],
    ['eventx_dead_letters', "prefix: '…'", 'log, consumer, failures'],
  ])('%s of somebody else is left alone, and named', async (table, option, lacking) => {
    const { options, dataSource } = await empty();
    await dataSource.query(
      `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, seq INTEGER, name TEXT)`,
    );
    const before = await tablesOf(dataSource);
    const starting = startApp(options, { options: { startupTimeout: 30_000 } });
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(
      `There is a table "${table}" already, which is not a table of the log: it lacks the column(s) ${lacking}. Nothing was made ` +
        `or changed. Give it another name: tables: { ${option} }`,
    );
    expect(await tablesOf(dataSource)).toEqual(before);
  });

  test('an entity of the application on one of the tables is refused: synchronize would drop columns', async () => {
    const { options } = await empty();
    const starting = startApp(options, { entities: [Offset] });
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(/Entity Offset maps the table "eventx_offsets"/);
  });

  test('a log of 0.1.0 in the table "events" is recognised, and gone on with where it is asked for', async () => {
    const { options, dataSource } = await empty();
    const former = await startApp(options, { extras: { tables: { events: 'events' } } });
    await former.publish('a');
    await former.reached(1);
    await former.close();
    // As 0.1.0 left it.
    await dataSource.query('DELETE FROM eventx_migrations WHERE version > 2');
    const before = await tablesOf(dataSource);

    const starting = startApp(options);
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(
      /has a log of 0\.1\.0 in table "events"\. To go on with that one: tables: \{ events: 'events' \}/,
    );
    expect(await tablesOf(dataSource)).toEqual(before);

    const again = await startApp(options, { extras: { tables: { events: 'events' } } });
    later(() => again.close());
    await again.publish('b');
    await again.reached(2);
    const beside = await startApp(options);
    later(() => beside.close());
    await beside.publish('first');
    await beside.reached(1);
  });
});
