import { describe, expect, test } from '@jest/globals';
import { EventxEventEntity, EventxPublishError, eventxSchemaSql } from 'nestjs-eventx';
import { Column, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, type Database, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { runScript } from '../support/script.js';

/** Nothing of the envelope, other names, values that TypeORM converts. */
@Entity('shop_log')
class ShopEvent {
  @PrimaryGeneratedColumn({ name: 'shop_id' })
  id!: number;

  @Column({ type: 'bigint', name: 'shop_seq', nullable: true, unique: true, insert: false })
  seq!: number;

  @Column({ type: 'simple-json' })
  what!: { sku: string };

  @Column({ type: 'datetime' })
  at!: Date;

  @Column({ type: 'varchar', length: 20, nullable: true })
  note: string | null = null;

  get size(): number {
    return this.what.sku.length;
  }

  get label(): string {
    return `${this.seq}: ${this.what.sku}`;
  }
}

/** The library's own columns, and one more. */
@Entity('tenant_events', { synchronize: false })
class TenantEvent extends EventxEventEntity {
  @Column({ type: 'varchar', length: 20, nullable: true })
  tenant: string | null = null;
}

@Entity('no_size', { synchronize: false })
class NoSize {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'bigint', nullable: true })
  seq!: number;
}

@Entity('no_seq', { synchronize: false })
class NoSeq {
  @PrimaryGeneratedColumn()
  id!: number;

  readonly seq!: number;
  readonly size = 1;
}

describe.each(DATABASES)('an entity of the application’s own on %s', (database) => {
  const later = cleanUpAfterEach();
  const empty = async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    return options;
  };

  const startShop = async () => {
    const log = await startApp<ShopEvent>(
      { ...(await empty()), synchronize: true },
      { extras: { entity: ShopEvent }, entities: [ShopEvent], options: { windowSize: 1 } },
    );
    later(() => log.close());
    return log;
  };

  const shopEvent = (sku: string) =>
    Object.assign(new ShopEvent(), { what: { sku }, at: new Date('2026-01-02T03:04:05Z') });

  test('with other columns: its events are its instances, from memory and from the table', async () => {
    const log = await startShop();
    for (const sku of ['a', 'b', 'c']) await log.dataSource.manager.save(shopEvent(sku));
    await log.reached(3);
    for (const from of [1, 3]) {
      const [event] = await take(log.eventx.subscriber({ from }), 1);
      expect(event).toBeInstanceOf(ShopEvent);
      expect(event!.what).toEqual({ sku: 'abc'[from - 1] });
      expect(event!.at).toEqual(new Date('2026-01-02T03:04:05Z'));
      expect(event!.note).toBeNull();
      expect([event!.id, event!.seq, event!.size]).toEqual([from, from, 1]);
      expect(event!.label).toBe(`${from}: ${'abc'[from - 1]}`);
    }
  });

  test('without the columns that publish fills cannot be published to, and says how to', async () => {
    const log = await startShop();
    const publishing = log.publish('a');
    await expect(publishing).rejects.toBeInstanceOf(EventxPublishError);
    await expect(publishing).rejects.toThrow(/own entity ShopEvent.*manager.save\(ShopEvent/);
  });

  test('that extends ours with a column: events are published and saved', async () => {
    const options = await empty();
    await createTenantEvents(database, options);
    const log = await startApp<TenantEvent>(options, {
      extras: { entity: TenantEvent },
      entities: [TenantEvent],
    });
    later(() => log.close());
    await log.publish('published');
    await log.reached(1);
    await log.dataSource.transaction(async (manager) => {
      const event = { type: 'saved', data: Buffer.from('[1]'), tenant: 'acme' };
      await manager.save(Object.assign(new TenantEvent(), event));
    });
    const [published, saved] = await take(log.eventx.subscriber({ from: 1 }), 2);
    expect(published).toBeInstanceOf(TenantEvent);
    expect(published).toMatchObject({ id: 1, seq: 1, type: 'published', tenant: null });
    expect(saved).toMatchObject({ id: 2, seq: 2, type: 'saved', tenant: 'acme' });
    expect(saved!.data).toEqual(Buffer.from('[1]'));
    expect(saved!.createdAt).toBeInstanceOf(Date);
  });

  test.each([
    { entity: NoSize, entities: [NoSize], message: /NoSize has no property "size". Add one/ },
    { entity: NoSeq, entities: [NoSeq], message: /NoSeq has no column for the property "seq"/ },
    {
      entity: ShopEvent,
      entities: [ShopEvent],
      message: /no table "shop_log".*whose migrations must run first/,
    },
  ])('$entity.name is refused at the start: $message', async ({ entity, entities, message }) => {
    const starting = startApp(await empty(), {
      extras: { entity: entity as typeof ShopEvent },
      entities,
    });
    await expect(starting).rejects.toThrow(message);
  });
});

/** As the application's own migration does. */
async function createTenantEvents(database: Database, options: DataSourceOptions): Promise<void> {
  const dataSource = await connect(options);
  await runScript(
    dataSource,
    eventxSchemaSql(database, { tables: { events: 'tenant_events' } }) +
      'ALTER TABLE tenant_events ADD COLUMN tenant VARCHAR(20) NULL;\n',
  );
  await dataSource.destroy();
}
