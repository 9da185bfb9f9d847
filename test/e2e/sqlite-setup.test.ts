import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import libsql from 'libsql';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { makeDurable } from '../../lib/typeorm/dialects/sqlite/durability.js';
import {
  isEmbeddedSqlite,
  serializeSqlite,
} from '../../lib/typeorm/dialects/sqlite/serialize-sqlite.js';
import type {
  SqliteConnection,
  SqliteDriver,
} from '../../lib/typeorm/dialects/sqlite/typeorm-internals.js';
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

const busy = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });

class CreateItems1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL)');
    await queryRunner.manager.insert(ItemEntity, { name: 'migrated' });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('items');
  }
}

/** Runs code in the async context of the start of this file, outside of whatever a test is in. */
const outside = AsyncLocalStorage.snapshot();

describe('serializeSqlite', () => {
  let file: TempSqliteFile;
  let dataSource: DataSource;

  beforeEach(() => {
    file = tempSqliteFile();
  });

  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    file.remove();
  });

  const create = (options: object = {}) =>
    (dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: libsql,
      database: file.path,
      entities: [ItemEntity],
      ...options,
    }));

  const setUps: [string, (options?: object) => Promise<unknown>][] = [
    [
      'before initialize',
      async (options) => {
        create(options);
        serializeSqlite(dataSource);
        await dataSource.initialize();
      },
    ],
    [
      'after initialize',
      async (options) => {
        await create(options).initialize();
        serializeSqlite(dataSource);
      },
    ],
  ];

  const pragma = async (name: string) => {
    const [row] = await dataSource.query<Record<string, unknown>[]>(`PRAGMA ${name}`);
    return Object.values(row ?? {})[0];
  };
  const twoAtOnce = () =>
    Promise.all(
      ['a', 'b'].map((name) =>
        dataSource.transaction((manager) => manager.save(ItemEntity, { name })),
      ),
    );
  const count = () => dataSource.getRepository(ItemEntity).count();

  describe.each(setUps)('called %s', (_, setUp) => {
    it('makes commits durable and waits for other processes', async () => {
      await setUp();

      expect(await pragma('journal_mode')).toBe('wal');
      expect(await pragma('synchronous')).toBe(2);
      expect(await pragma('busy_timeout')).toBe(5000);
      expect(await pragma('foreign_keys')).toBe(1);
    });

    it('works with schema synchronization', async () => {
      await setUp({ synchronize: true });
      await twoAtOnce();
      await dataSource.synchronize();
      expect(await count()).toBe(2);

      await dataSource.synchronize(true);
      expect(await count()).toBe(0);
      expect(await pragma('foreign_keys')).toBe(1);
    });

    it('works with migrations', async () => {
      await setUp({ migrations: [CreateItems1700000000000], migrationsRun: true });
      await twoAtOnce();
      expect(await count()).toBe(3);

      await dataSource.undoLastMigration();
      await dataSource.runMigrations({ transaction: 'each' });
      expect(await count()).toBe(1);
      expect(await pragma('foreign_keys')).toBe(1);
    });

    it('works on a database in memory', async () => {
      await setUp({ database: ':memory:', synchronize: true });
      await twoAtOnce();
      expect(await count()).toBe(2);
    });

    it('lasts when the data source is opened again', async () => {
      await setUp({ synchronize: true });
      await dataSource.destroy();
      await dataSource.initialize();

      expect(await pragma('journal_mode')).toBe('wal');
      await twoAtOnce();
      expect(await count()).toBe(2);
    });
  });

  it('does nothing the second time', async () => {
    create({ synchronize: true });
    serializeSqlite(dataSource);
    const createQueryRunner: unknown = Reflect.get(dataSource.driver, 'createQueryRunner');
    serializeSqlite(dataSource);
    await dataSource.initialize();
    serializeSqlite(dataSource);

    expect(dataSource.driver).toHaveProperty('createQueryRunner', createQueryRunner);
    await twoAtOnce();
    expect(await count()).toBe(2);
  });

  it('makes query runners of the class of TypeORM', async () => {
    const shared = create().driver.createQueryRunner('master');
    serializeSqlite(dataSource);
    await dataSource.initialize();

    expect(dataSource.createQueryRunner()).toBeInstanceOf(shared.constructor);
  });

  it('keeps a busy timeout that the data source sets', async () => {
    create({ timeout: 123 });
    serializeSqlite(dataSource);
    await dataSource.initialize();
    await dataSource.query('CREATE TABLE t (a)');

    expect(await pragma('busy_timeout')).toBe(123);
  });

  it('lets a migration switch foreign keys off and on beside other transactions', async () => {
    serializeSqlite(create());
    await dataSource.initialize();
    const [one, two] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()];
    for (const [step, foreignKeys] of [
      ['beforeMigration', 0],
      ['afterMigration', 1],
    ] as const) {
      await one.startTransaction();
      const switched = outside(() => two[step]());
      await one.commitTransaction();
      await switched;
      // SQLite ignores the switch while a transaction is open.
      expect(await pragma('foreign_keys')).toBe(foreignKeys);
    }
  });

  it('asks again when another process switches the journal at the same time', () => {
    // SQLite then refuses at once, whatever the busy timeout; with real processes it happens now and then.
    const refusals = [busy, busy];
    const executed: string[] = [];
    const connection: SqliteConnection = {
      open: true,
      inTransaction: false,
      exec(sql) {
        const refused = sql.includes('journal_mode') ? refusals.pop() : undefined;
        if (refused) throw refused;
        executed.push(sql);
      },
      close() {},
    };
    const driver = create().driver as unknown as SqliteDriver;
    makeDurable(connection, driver);

    expect(executed).toEqual([
      'PRAGMA busy_timeout = 5000',
      'PRAGMA journal_mode = WAL',
      'PRAGMA synchronous = FULL',
    ]);
  });

  it('refuses a data source while a transaction is open', async () => {
    await create().initialize();
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();

    expect(() => serializeSqlite(dataSource)).toThrow('while a transaction was open');
    await queryRunner.rollbackTransaction();
  });

  it('refuses other databases', () => {
    dataSource = new DataSource({ type: 'mysql', url: 'mysql://nobody@127.0.0.1:1/none' });

    expect(isEmbeddedSqlite(dataSource)).toBe(false);
    expect(() => serializeSqlite(dataSource)).toThrow(`of type 'better-sqlite3', not 'mysql'`);
  });
});
