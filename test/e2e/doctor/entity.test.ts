import { describe, expect, test } from '@jest/globals';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { examine, finding } from '../../support/doctor.js';

/** Nothing of the envelope, and other names. */
@Entity('shop_log')
class ShopEvent {
  @PrimaryGeneratedColumn({ name: 'shop_id' })
  id!: number;

  @Column({ type: 'bigint', name: 'shop_seq', nullable: true, unique: true, insert: false })
  seq!: number;

  @Column({ type: 'varchar', length: 20 })
  what!: string;

  get size(): number {
    return this.what.length;
  }
}

describe.each(DATABASES)('the doctor and an entity of the application’s own on %s', (database) => {
  const later = cleanUpAfterEach();

  test('finds nothing, and then what is missing, by the names of the entity', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const log = await startApp<ShopEvent>(
      { ...options, synchronize: true },
      { extras: { entity: ShopEvent }, entities: [ShopEvent] },
    );
    later(() => log.close());
    log.eventx.consumer({ name: 'stock', startFrom: 'earliest', handle: () => undefined });
    for (const what of ['a', 'b', 'c']) {
      await log.dataSource.manager.save(Object.assign(new ShopEvent(), { what }));
    }
    await log.reached(3);
    expect(await examine(log, { full: true })).toEqual([]);
    await log.dataSource.query('DELETE FROM shop_log WHERE shop_seq = 2');
    expect(await examine(log)).toEqual([
      finding('missing-events', 'error', /"shop_log" lacks event 2/, /seek\(name, 3\)/),
    ]);
  });
});
