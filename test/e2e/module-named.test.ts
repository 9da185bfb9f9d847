import { Injectable } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { describe, expect, test } from '@jest/globals';
import { EventxModule, EventxService, InjectEventx, type TableOptions } from 'nestjs-eventx';
import type { DataSource } from 'typeorm';

import { QUIET, startNest, typeOrm } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';

@Injectable()
class Shop {
  constructor(
    readonly orders: EventxService,
    @InjectEventx('audit') readonly audit: EventxService,
  ) {}
}

describe.each(DATABASES)('two logs in one application on %s', (database) => {
  const later = cleanUpAfterEach();

  /** The types of what a log has, read by a subscriber. */
  const typesOf = async (log: EventxService, count: number) => {
    const types: string[] = [];
    const subscriber = log.subscriber({ from: 1 });
    while (types.length < count) types.push(...(await subscriber.fetch()).map(({ type }) => type));
    return types;
  };

  /** Both logs in one data source. @param tables those of the second one */
  const startShop = async (tables: TableOptions) => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const app = await startNest([
      typeOrm(options),
      { module: class ShopModule {}, providers: [Shop] },
      EventxModule.forRoot({ ...QUIET, isGlobal: true }),
      EventxModule.forRoot({
        ...QUIET,
        name: 'audit',
        isGlobal: true,
        tables,
      }),
    ]);
    later(() => app.close());
    const shop = app.get(Shop, { strict: false });
    const dataSource = app.get<DataSource>(getDataSourceToken());
    return { shop, dataSource };
  };

  test('in two data sources: each event goes where it was published', async () => {
    const orders = await emptyDatabase(database);
    later(() => orders.remove());
    const audit = await emptyDatabase(database);
    later(() => audit.remove());
    const app = await startNest([
      typeOrm(orders.options),
      typeOrm(audit.options, { name: 'second' }),
      { module: class ShopModule {}, providers: [Shop] },
      EventxModule.forRoot({ ...QUIET, isGlobal: true }),
      EventxModule.forRoot({ ...QUIET, name: 'audit', dataSource: 'second', isGlobal: true }),
    ]);
    later(() => app.close());
    const shop = app.get(Shop, { strict: false });
    const first = app.get<DataSource>(getDataSourceToken());
    const second = app.get<DataSource>(getDataSourceToken('second'));

    await first.transaction((manager) => shop.orders.publish(manager, { type: 'order' }));
    await second.transaction((manager) => shop.audit.publish(manager, { type: 'entry' }));
    expect(await typesOf(shop.orders, 1)).toEqual(['order']);
    expect(await typesOf(shop.audit, 1)).toEqual(['entry']);
    expect(await second.query('SELECT type FROM eventx_events')).toEqual([{ type: 'entry' }]);
    await expect(
      first.transaction((manager) => shop.audit.publish(manager, { type: 'lost' })),
    ).rejects.toThrow(/another data source/);
  });

  test('in one data source: one transaction publishes to both, or to neither', async () => {
    const { shop, dataSource } = await startShop({ prefix: 'audit_' });
    const publishBoth = (fails: boolean) =>
      dataSource.transaction(async (manager) => {
        await shop.orders.publish(manager, { type: 'order' });
        await shop.audit.publish(manager, [{ type: 'entry 1' }, { type: 'entry 2' }]);
        if (fails) throw new Error('changed my mind');
      });
    await expect(publishBoth(true)).rejects.toThrow('changed my mind');
    await publishBoth(false);
    expect(await typesOf(shop.orders, 1)).toEqual(['order']);
    expect(await typesOf(shop.audit, 2)).toEqual(['entry 1', 'entry 2']);
    const state = await dataSource.query<{ name: string; last_seq: unknown }[]>(
      'SELECT name, last_seq FROM eventx_state UNION ALL SELECT name, last_seq FROM audit_eventx_state',
    );
    expect(state.map(({ name, last_seq }) => [name, Number(last_seq)])).toEqual([
      ['eventx_events', 1],
      ['audit_eventx_events', 2],
    ]);
  });

  test('in one data source may share the tables for state and migrations', async () => {
    const { shop, dataSource } = await startShop({ events: 'audit' });
    for (const log of [shop.audit, shop.orders, shop.audit]) {
      await dataSource.transaction((manager) => log.publish(manager, { type: 't' }));
    }
    expect(await typesOf(shop.orders, 1)).toHaveLength(1);
    expect(await typesOf(shop.audit, 2)).toHaveLength(2);
    expect(await dataSource.query('SELECT name FROM eventx_state ORDER BY name')).toEqual([
      { name: 'audit' },
      { name: 'eventx_events' },
    ]);
  });

  test('a data source that is not there ends the start with its name', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    await expect(
      startNest([typeOrm(options), EventxModule.forRoot({ ...QUIET, dataSource: 'nowhere' })]),
    ).rejects.toThrow(/no TypeORM data source named "nowhere"/);
  });
});
