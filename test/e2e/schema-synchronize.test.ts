import { describe, expect, test } from '@jest/globals';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { definitionOf, tablesOf } from '../support/schema.js';
import { seqsOf } from '../support/stored-events.js';

@Entity('orders')
class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 20 })
  item!: string;
}

describe.each(DATABASES)('TypeORM with "synchronize: true" on %s', (database) => {
  const later = cleanUpAfterEach();

  test.each([{}, { prefix: 'shop_' }])(
    'makes the application’s tables, and leaves ours alone (tables: %j)',
    async (tables) => {
      const { options, remove } = await emptyDatabase(database);
      later(remove);
      const start = () =>
        startApp(
          { ...options, synchronize: true },
          { entities: [Order], extras: { tables }, options: { windowSize: 1 } },
        );
      const first = await start();
      await first.publish('a', 'b');
      await first.reached(2);
      const definitions = new Map<string, string>();
      for (const table of await tablesOf(first.dataSource)) {
        definitions.set(table, await definitionOf(first.dataSource, table));
      }
      expect([...definitions.keys()]).toContain('orders');
      await first.close();

      const second = await start();
      later(() => second.close());
      for (const [table, definition] of definitions) {
        expect(await definitionOf(second.dataSource, table)).toBe(definition);
      }
      // By the application as well, while the log is in use.
      await second.dataSource.synchronize();
      await second.publish('c');
      expect(seqsOf(await take(second.eventx.subscriber({ from: 1 }), 3))).toEqual([1, 2, 3]);
    },
  );
});
