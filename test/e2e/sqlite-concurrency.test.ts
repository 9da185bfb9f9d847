import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import libsql from 'libsql';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, EntitySchema } from 'typeorm';
import { serializeSqlite } from '../../lib/typeorm/dialects/sqlite/serialize-sqlite.js';
import { tempSqliteFile, type TempSqliteFile } from '../support/databases.js';

interface Item {
  id: number;
  name: string;
}

const ItemEntity = new EntitySchema<Item>({
  name: 'Item',
  tableName: 'items',
  columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
});

/** Runs code in the async context of the start of this file, outside of whatever a test is in. */
const outside = AsyncLocalStorage.snapshot();

describe('concurrent use of an embedded SQLite data source', () => {
  let file: TempSqliteFile;
  let dataSource: DataSource;

  beforeEach(async () => {
    file = tempSqliteFile();
    dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: libsql,
      database: file.path,
      entities: [ItemEntity],
      synchronize: true,
    });
    serializeSqlite(dataSource);
    await dataSource.initialize();
  });

  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    file.remove();
  });

  const names = async () =>
    (await dataSource.getRepository(ItemEntity).find({ order: { id: 'ASC' } })).map((i) => i.name);

  it('commits 20 transactions that run at the same time', async () => {
    await Promise.all(
      numbers(20).map((n) =>
        dataSource.transaction(async (manager) => {
          await manager.save(ItemEntity, { name: `a${n}` });
          await sleep(1);
          await manager.save(ItemEntity, { name: `b${n}` });
        }),
      ),
    );

    // Each on its own, in order of arrival.
    expect(await names()).toEqual(numbers(20).flatMap((n) => [`a${n}`, `b${n}`]));
  });

  it('commits 20 transactions of query runners that run at the same time', async () => {
    await Promise.all(
      numbers(20).map(async (n) => {
        const queryRunner = dataSource.createQueryRunner();
        await queryRunner.startTransaction();
        await sleep(1);
        await queryRunner.manager.insert(ItemEntity, { name: `n${n}` });
        await queryRunner.commitTransaction();
        await queryRunner.release();
      }),
    );

    expect(await names()).toEqual(numbers(20).map((n) => `n${n}`));
  });

  it('never lets a row that is rolled back appear while others commit', async () => {
    let done = false;
    const watch = async () => {
      while (!done) {
        expect((await names()).filter((name) => name === 'bad')).toEqual([]);
        await sleep(0);
      }
    };
    const writers = numbers(40).map(async (n) => {
      const bad = n % 2 === 1;
      const written = dataSource.transaction(async (manager) => {
        await manager.insert(ItemEntity, { name: bad ? 'bad' : `good${n}` });
        await sleep(1);
        if (bad) throw new Error('roll back');
      });
      if (bad) await expect(written).rejects.toThrow('roll back');
      else await written;
    });
    const watcher = watch();
    await Promise.all(writers).finally(() => (done = true));
    await watcher;

    expect(await names()).toEqual(
      numbers(40)
        .filter((n) => n % 2 === 0)
        .map((n) => `good${n}`),
    );
  });

  it('lets a query from outside wait for an open transaction and see only committed rows', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.query(`INSERT INTO items (name) VALUES ('first')`);
    let answered = false;
    const read = outside(() => names()).finally(() => (answered = true));

    await sleep(20);
    expect(answered).toBe(false);
    await queryRunner.query(`UPDATE items SET name = 'second'`);
    await queryRunner.commitTransaction();
    await queryRunner.release();

    expect(await read).toEqual(['second']);
  });

  it('gives every query runner its own state, manager and data', () => {
    const [one, two] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];

    expect(one).not.toBe(two);
    expect(one.manager).not.toBe(two.manager);
    expect(one.manager.queryRunner).toBe(one);
    expect(one.broadcaster).not.toBe(two.broadcaster);
    expect(one.data).not.toBe(two.data);
  });

  it('keeps savepoints apart from the transaction around them', async () => {
    await Promise.all(
      numbers(5).map((n) =>
        dataSource.transaction(async (manager) => {
          await manager.insert(ItemEntity, { name: `outer${n}` });
          await manager.transaction((nested) => nested.insert(ItemEntity, { name: `kept${n}` }));
          const failed = manager.transaction(async (nested) => {
            await nested.insert(ItemEntity, { name: `lost${n}` });
            throw new Error('only the savepoint');
          });
          await expect(failed).rejects.toThrow('only the savepoint');
        }),
      ),
    );

    expect(await names()).toEqual(numbers(5).flatMap((n) => [`outer${n}`, `kept${n}`]));
  });

  it('runs the queries of one transaction at the same time', async () => {
    await dataSource.transaction((manager) =>
      Promise.all(numbers(20).map((n) => manager.save(ItemEntity, { name: `n${n}` }))),
    );

    expect(await names()).toHaveLength(20);
  });

  it('saves what a statement with RETURNING writes', async () => {
    const insert = (name: string) => `INSERT INTO items (name) VALUES ('${name}') RETURNING name`;
    expect(await dataSource.query(insert('alone'))).toEqual([{ name: 'alone' }]);
    await dataSource.transaction((manager) => manager.query(insert('in a transaction')));

    expect(await names()).toEqual(['alone', 'in a transaction']);
  });

  it('lets timers run while transactions follow each other without a pause', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const deadline = performance.now() + 5_000;
    while (ticks < 3 && performance.now() < deadline) {
      await dataSource.transaction((manager) => manager.query('SELECT 1'));
    }
    clearInterval(timer);

    expect(ticks).toBeGreaterThanOrEqual(3);
  });

  it('refuses a query runner that was released, like the servers do', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.query('SELECT 1');
    await queryRunner.release();

    await expect(queryRunner.query('SELECT 1')).rejects.toThrow('released');
  });
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
