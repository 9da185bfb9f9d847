import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import libsql from 'libsql';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BeforeInsert,
  Column,
  DataSource,
  Entity,
  type EntitySubscriberInterface,
  PrimaryGeneratedColumn,
  type QueryRunner,
} from 'typeorm';
import { EmbeddedTransactionError } from '../../lib/typeorm/dialects/sqlite/embedded-transaction.error.js';
import { serializeSqlite } from '../../lib/typeorm/dialects/sqlite/serialize-sqlite.js';
import { tempSqliteFile, type TempSqliteFile } from '../support/databases.js';

@Entity('items')
class Item {
  static beforeInsert?: () => Promise<void>;

  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  name!: string;

  @BeforeInsert()
  async listen(): Promise<void> {
    await Item.beforeInsert?.();
  }
}

/** Runs code in the async context of the start of this file, outside of whatever a test is in. */
const outside = AsyncLocalStorage.snapshot();

describe('an embedded SQLite data source and its own transactions', () => {
  let file: TempSqliteFile;
  let dataSource: DataSource;

  beforeEach(async () => {
    file = tempSqliteFile();
    dataSource = await open(file.path);
  });

  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    file.remove();
  });

  const items = () => dataSource.getRepository(Item);

  /** Each uses the data source, not the transaction's manager. */
  const waysPast: [string, () => Promise<unknown>][] = [
    ['dataSource.query', () => dataSource.query('SELECT 1')],
    ['a repository that reads', () => items().find()],
    ['a repository that saves', () => items().save({ name: 'x' })],
    ['a repository that removes', () => items().remove(items().create({ id: 1, name: 'x' }))],
    ['a query builder', () => items().createQueryBuilder().getMany()],
    ['another transaction', () => dataSource.transaction((manager) => manager.query('SELECT 1'))],
    ['another query runner', () => dataSource.createQueryRunner().startTransaction()],
    [
      'another query runner that is connected first',
      async () => {
        const queryRunner = dataSource.createQueryRunner();
        await queryRunner.connect();
        await queryRunner.startTransaction();
      },
    ],
  ];

  describe.each(waysPast)('refuse %s', (_, use) => {
    it('in a transaction callback', async () => {
      const used = dataSource.transaction(() => use());
      await expect(used).rejects.toBeInstanceOf(EmbeddedTransactionError);
    });

    it('in a transaction callback, after other waiting', async () => {
      const used = dataSource.transaction(async () => {
        await sleep(5);
        await use();
      });
      await expect(used).rejects.toThrow('was used inside of an open transaction');
    });

    it('right after a query runner started a transaction', async () => {
      const queryRunner = dataSource.createQueryRunner();
      await queryRunner.startTransaction();
      await expect(use()).rejects.toThrow('was used inside of an open transaction');
      await queryRunner.release();
    });

    it('in the transaction of a query runner that was connected first, after other waiting', async () => {
      const queryRunner = dataSource.createQueryRunner();
      await queryRunner.connect();
      await queryRunner.startTransaction();
      await sleep(5);
      await expect(use()).rejects.toThrow('was used inside of an open transaction');
      await queryRunner.release();
    });

    it('in the transaction of a query runner, after its manager was used', async () => {
      const queryRunner = dataSource.createQueryRunner();
      await queryRunner.startTransaction();
      await queryRunner.manager.save(Item, { name: 'own' });
      await sleep(5);
      await expect(use()).rejects.toThrow('was used inside of an open transaction');
      await queryRunner.commitTransaction();
      await queryRunner.release();

      expect(await items().count()).toBe(1);
    });
  });

  it('refuse it as well when the manager or repository was taken before the start', async () => {
    const queryRunner = dataSource.createQueryRunner();
    const { manager } = queryRunner;
    const repository = manager.getRepository(Item);
    for (const touch of [() => manager.find(Item), () => repository.save({ name: 'x' })]) {
      await queryRunner.startTransaction();
      await touch();
      await sleep(5);
      await expect(items().find()).rejects.toThrow('was used inside of an open transaction');
      await queryRunner.rollbackTransaction();
    }
    await queryRunner.release();
  });

  it('refuse it as well when only the query runner was used', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.query('SELECT 1');
    await sleep(5);
    await expect(items().find()).rejects.toThrow('was used inside of an open transaction');
    await queryRunner.release();
  });

  it('say what happened, with a stable code, and leave the transaction as it was', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.manager.insert(Item, { name: 'kept' });
    const error: unknown = await dataSource.query('SELECT 1').catch((e: unknown) => e);
    await queryRunner.commitTransaction();
    await queryRunner.release();

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'EmbeddedTransactionError',
      code: 'EVENTX_EMBEDDED_TRANSACTION',
      message: expect.stringContaining('use the EntityManager that its callback received'),
    });
    expect(await items().count()).toBe(1);
  });

  it('refuse a second data source on the same file', async () => {
    const second = await open(file.path);
    const used = dataSource.transaction(() => second.query('SELECT 1'));
    await expect(used).rejects.toThrow('was used inside of an open transaction');
    await second.destroy();
  });

  it('allow a data source on another file', async () => {
    const otherFile = tempSqliteFile();
    const other = await open(otherFile.path);
    await dataSource.transaction((manager) =>
      other.transaction(async (otherManager) => {
        await otherManager.insert(Item, { name: 'there' });
        await manager.insert(Item, { name: 'here' });
      }),
    );
    expect(await other.getRepository(Item).count()).toBe(1);
    expect(await items().count()).toBe(1);
    await other.destroy();
    otherFile.remove();
  });

  it('refuse it in a subscriber of a save, and allow the manager of the event', async () => {
    const seen: unknown[] = [];
    dataSource.subscribers.push({
      beforeInsert: async () => {
        await sleep(1);
        seen.push(await dataSource.query('SELECT 1').catch((error: unknown) => error));
      },
      afterInsert: async (event) => {
        seen.push(await dataSource.query('SELECT 1').catch((error: unknown) => error));
        seen.push(await event.manager.count(Item));
      },
    } satisfies EntitySubscriberInterface);

    await items().save({ name: 'x' });

    const refused = expect.any(EmbeddedTransactionError);
    expect(seen).toEqual([refused, refused, 1]);
  });

  it('refuse it in a listener of an entity', async () => {
    const seen: unknown[] = [];
    Item.beforeInsert = async () => {
      await sleep(1);
      seen.push(await dataSource.query('SELECT 1').catch((error: unknown) => error));
    };
    await items().save(items().create({ name: 'x' }));
    Item.beforeInsert = undefined;

    expect(seen).toEqual([expect.any(EmbeddedTransactionError)]);
  });

  it('refuse it in a subscriber of the start of a transaction', async () => {
    dataSource.subscribers.push({
      beforeTransactionStart: async () => void (await dataSource.query('SELECT 1')),
    } satisfies EntitySubscriberInterface);

    await expect(items().save({ name: 'x' })).rejects.toBeInstanceOf(EmbeddedTransactionError);
    dataSource.subscribers.length = 0;
    expect(await items().count()).toBe(0);
  });

  it('refuse it in a subscriber of a query that is no part of a transaction', async () => {
    let asked: Promise<unknown> | undefined;
    dataSource.subscribers.push({
      beforeQuery: () => (asked ??= dataSource.query('SELECT 1')).then(() => {}),
    } satisfies EntitySubscriberInterface);

    await expect(items().find()).rejects.toBeInstanceOf(EmbeddedTransactionError);
  });

  it('allow it in a subscriber after the commit', async () => {
    const seen: unknown[] = [];
    dataSource.subscribers.push({
      afterTransactionCommit: async (event) => {
        if (!seen.length)
          seen.push(await items().count(), await event.queryRunner.query('SELECT 2 AS n'));
      },
    } satisfies EntitySubscriberInterface);

    await dataSource.transaction((manager) => manager.insert(Item, { name: 'x' }));

    expect(seen).toEqual([1, [{ n: 2 }]]);
  });

  it('are free again in the same context when the transaction has ended', async () => {
    const queryRunner = dataSource.createQueryRunner();
    for (const end of ['commitTransaction', 'rollbackTransaction', 'release'] as const) {
      await queryRunner.startTransaction();
      await queryRunner.manager.insert(Item, { name: end });
      await queryRunner[end]();
      expect(await items().count()).toBe(1);
      await dataSource.transaction((manager) => manager.query('SELECT 1'));
    }
  });

  it('do not take what a transaction has left behind for a part of a later one', async () => {
    let late: Promise<number> | undefined;
    await dataSource.transaction(async (manager) => {
      await manager.insert(Item, { name: 'x' });
      late = sleep(20).then(() => items().count());
    });

    await dataSource.transaction(async (manager) => {
      await sleep(40);
      await manager.insert(Item, { name: 'y' });
    });

    expect(await late).toBe(2);
  });

  describe('do not take for nesting', () => {
    const queryRunnerTransaction = async (work: (queryRunner: QueryRunner) => Promise<unknown>) => {
      const queryRunner = dataSource.createQueryRunner();
      await queryRunner.startTransaction();
      await work(queryRunner);
      await queryRunner.commitTransaction();
      await queryRunner.release();
    };
    const slowInsert = (name: string) => async (queryRunner: QueryRunner) => {
      await sleep(5);
      await queryRunner.manager.insert(Item, { name });
      await sleep(20);
    };

    it('transactions that one Promise.all starts', async () => {
      await Promise.all([
        queryRunnerTransaction(slowInsert('a')),
        dataSource.transaction((manager) => manager.insert(Item, { name: 'b' })),
        queryRunnerTransaction(slowInsert('c')),
        items().save({ name: 'd' }),
        dataSource.query(`INSERT INTO items (name) VALUES ('e')`),
      ]);

      expect((await items().find()).map((item) => item.name).sort()).toEqual([...'abcde']);
    });

    it('what begins in the same breath and turns to the data source while the transaction is open', async () => {
      const later = async () => {
        await sleep(10);
        return items().count();
      };
      const [, first, second] = await Promise.all([
        queryRunnerTransaction(slowInsert('a')),
        later(),
        later().then(() => items().save({ name: 'b' })),
      ]);

      expect(first).toBe(1);
      expect(second).toMatchObject({ name: 'b' });
    });

    it('the same with query runners that were connected first', async () => {
      const connected = async (name: string) => {
        const queryRunner = dataSource.createQueryRunner();
        await queryRunner.connect();
        await queryRunner.startTransaction();
        await slowInsert(name)(queryRunner);
        await queryRunner.commitTransaction();
      };
      const later = async () => {
        await sleep(10);
        return items().count();
      };
      const [, , first] = await Promise.all([connected('a'), connected('b'), later()]);

      expect(first).toBeGreaterThan(0);
      expect(await items().count()).toBe(2);
    });

    it('what follows a transaction that was started and not awaited', async () => {
      const background = queryRunnerTransaction(slowInsert('a'));
      await sleep(10);
      expect(await items().count()).toBe(1);
      await background;
    });

    it('a data source and a query runner that both work without a transaction', async () => {
      const queryRunner = dataSource.createQueryRunner();
      const results = await Promise.all([
        queryRunner.manager.find(Item),
        queryRunner.manager.count(Item),
        dataSource.query('SELECT 1 AS n'),
        items().find(),
      ]);
      expect(results).toEqual([[], 0, [{ n: 1 }], []]);
      await queryRunner.release();
    });

    it('use of a query runner, outside of a transaction, while it runs a query', async () => {
      const queryRunner = dataSource.createQueryRunner();
      dataSource.subscribers.push({
        beforeQuery: async (event) => {
          if (event.query === 'SELECT 1') await sleep(10);
        },
      } satisfies EntitySubscriberInterface);
      const slow = queryRunner.query('SELECT 1');
      await sleep(2);
      const results = await Promise.all([queryRunner.manager.count(Item), items().count()]);

      expect(results).toEqual([0, 0]);
      await slow;
      await queryRunner.release();
    });
  });

  describe('reject after the limit', () => {
    beforeEach(async () => {
      await dataSource.destroy();
      dataSource = await open(file.path, { waitLimitMs: 50 });
    });

    it('what waits for a transaction that does not end', async () => {
      const queryRunner = dataSource.createQueryRunner();
      await queryRunner.startTransaction();
      await queryRunner.query('SELECT 1');
      await expect(outside(() => items().find())).rejects.toThrow('Waited 50 ms');
      await queryRunner.commitTransaction();
      await queryRunner.release();

      expect(await items().count()).toBe(0);
    });

    it('nesting that cannot be told from work beside the transaction', async () => {
      const begin = async () => {
        const queryRunner = dataSource.createQueryRunner();
        await queryRunner.startTransaction();
        return queryRunner;
      };
      const queryRunner = await begin();
      // This context has not touched the query runner since its transaction is open.
      await expect(items().find()).rejects.toMatchObject({ code: 'EVENTX_EMBEDDED_TRANSACTION' });
      await queryRunner.release();
    });
  });
});

async function open(database: string, options?: { waitLimitMs: number }): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    driver: libsql,
    database,
    entities: [Item],
    synchronize: true,
  });
  serializeSqlite(dataSource, options);
  return dataSource.initialize();
}
