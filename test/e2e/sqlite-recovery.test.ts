import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import libsql from 'libsql';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntitySubscriberInterface } from 'typeorm';
import { serializeSqlite } from '../../lib/typeorm/dialects/sqlite/serialize-sqlite.js';
import { tempSqliteFile, type TempSqliteFile } from '../support/databases.js';

/** Runs code in the async context of the start of this file, outside of whatever a test is in. */
const outside = AsyncLocalStorage.snapshot();

const WAIT_LIMIT_MS = 1_000;

describe('the connection of an embedded SQLite data source is free again after', () => {
  let file: TempSqliteFile;
  let dataSource: DataSource;

  beforeEach(async () => {
    file = tempSqliteFile();
    dataSource = await open();
    await dataSource.query('CREATE TABLE parents (id INTEGER PRIMARY KEY)');
    await dataSource.query(
      'CREATE TABLE children (parent REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)',
    );
  });

  afterEach(async () => {
    dataSource.subscribers.length = 0;
    if (dataSource.isInitialized) await dataSource.destroy();
    file.remove();
  });

  const open = (): Promise<DataSource> => {
    const options = { type: 'better-sqlite3', driver: libsql, database: file.path } as const;
    const opened = new DataSource(options);
    serializeSqlite(opened, { waitLimitMs: WAIT_LIMIT_MS });
    return opened.initialize();
  };
  const subscribe = (subscriber: EntitySubscriberInterface) =>
    dataSource.subscribers.push(subscriber);
  const fail = () => {
    throw new Error('subscriber');
  };

  /** From outside, where it can only succeed if nobody holds the connection. */
  const parents = () =>
    outside(async () => {
      dataSource.subscribers.length = 0;
      await dataSource.transaction((manager) => manager.query('SELECT 1'));
      const rows = await dataSource.query<{ id: number }[]>('SELECT id FROM parents ORDER BY id');
      return rows.map((row) => row.id);
    });

  it('a COMMIT that fails, in a callback', async () => {
    const violation = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO parents VALUES (1)');
      await manager.query('INSERT INTO children VALUES (2)');
    });

    await expect(violation).rejects.toThrow('FOREIGN KEY constraint failed');
    expect(await parents()).toEqual([]);
  });

  it('a COMMIT that fails, with a query runner, even before it is rolled back', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    await queryRunner.query('INSERT INTO children VALUES (2)');

    await expect(queryRunner.commitTransaction()).rejects.toThrow('FOREIGN KEY constraint failed');
    expect(await parents()).toEqual([]);
    await expect(queryRunner.query('INSERT INTO parents VALUES (3)')).rejects.toMatchObject({
      code: 'EVENTX_EMBEDDED_TRANSACTION',
    });

    await queryRunner.rollbackTransaction();
    expect(queryRunner.isTransactionActive).toBe(false);
    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO parents VALUES (4)');
    await queryRunner.commitTransaction();
    await queryRunner.release();
    expect(await parents()).toEqual([4]);
  });

  it('a COMMIT that fails, with a query runner that just starts again', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO children VALUES (2)');
    await expect(queryRunner.commitTransaction()).rejects.toThrow('FOREIGN KEY constraint failed');

    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    await queryRunner.commitTransaction();
    await queryRunner.release();
    expect(await parents()).toEqual([1]);
  });

  it('the release of a query runner whose transaction is open, which rolls back', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    const waiting = parents();
    await queryRunner.release();

    expect(await waiting).toEqual([]);
    expect(queryRunner.isTransactionActive).toBe(false);
    expect(queryRunner.isReleased).toBe(true);
  });

  it('the release of a query runner that still waits for its transaction', async () => {
    const first = dataSource.createQueryRunner();
    const second = dataSource.createQueryRunner();
    await first.startTransaction();
    const start = outside(() => second.startTransaction());
    await second.release();
    await first.commitTransaction();

    await expect(start).rejects.toThrow('released');
    expect(await parents()).toEqual([]);
  });

  it.each(['beforeTransactionStart', 'afterTransactionStart', 'beforeTransactionCommit'] as const)(
    'a %s subscriber that throws, and nothing is saved',
    async (event) => {
      subscribe({ [event]: fail });
      const failed = dataSource.transaction((manager) =>
        manager.query('INSERT INTO parents VALUES (1)'),
      );

      await expect(failed).rejects.toThrow('subscriber');
      expect(await parents()).toEqual([]);
    },
  );

  it('a query runner could not start its transaction', async () => {
    subscribe({ afterTransactionStart: fail });
    const queryRunner = dataSource.createQueryRunner();

    await expect(queryRunner.startTransaction()).rejects.toThrow('subscriber');
    expect(queryRunner.isTransactionActive).toBe(false);
    expect(await parents()).toEqual([]);
    await queryRunner.release();
  });

  it('a beforeTransactionRollback subscriber that throws, and nothing is saved', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.startTransaction();
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    subscribe({ beforeTransactionRollback: fail });

    await expect(queryRunner.rollbackTransaction()).rejects.toThrow('subscriber');
    expect(await parents()).toEqual([]);
  });

  it('an afterTransactionCommit subscriber that throws, and all is saved', async () => {
    subscribe({ afterTransactionCommit: fail });
    const committed = dataSource.transaction((manager) =>
      manager.query('INSERT INTO parents VALUES (1)'),
    );

    await expect(committed).rejects.toThrow('subscriber');
    expect(await parents()).toEqual([1]);
  });

  it('SQLite rolled back by itself, and what follows in that transaction is refused', async () => {
    const lost = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO parents VALUES (1)');
      await manager
        .query('INSERT OR ROLLBACK INTO parents VALUES (1)')
        .catch(() => 'the application goes on');
      await manager.query('INSERT INTO parents VALUES (2)');
    });

    await expect(lost).rejects.toThrow('was already rolled back');
    expect(await parents()).toEqual([]);
  });

  it('a statement outside of a transaction that fails', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    await expect(queryRunner.query('INSERT INTO parents VALUES (2), (1)')).rejects.toThrow(
      'UNIQUE',
    );
    await expect(queryRunner.query('INSERT INTO children VALUES (3)')).rejects.toThrow(
      'FOREIGN KEY',
    );

    expect(await parents()).toEqual([1]);
    await queryRunner.release();
  });

  it('a BEGIN and COMMIT written by hand', async () => {
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.query('BEGIN');
    await queryRunner.query('INSERT INTO parents VALUES (1)');
    const waiting = parents();
    await queryRunner.query('INSERT INTO parents VALUES (2)');
    await queryRunner.query('COMMIT');

    expect(await waiting).toEqual([1, 2]);
    await queryRunner.release();
  });

  it('a BEGIN written by hand for a query runner that is gone at once', async () => {
    await dataSource.query('BEGIN');

    expect(await parents()).toEqual([]);
  });

  it.each(['commits', 'rolls back'])(
    'a transaction %s before a query that nobody awaited; that is not run at all',
    async (how) => {
      subscribe({
        beforeQuery: async (event) => {
          if (event.query.includes('99')) await sleep(20);
        },
      });
      let stray: Promise<unknown> | undefined;
      const first = dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO parents VALUES (1)');
        stray = manager.query('INSERT INTO parents VALUES (99)');
        stray.catch(() => {});
        if (how === 'rolls back') throw new Error('roll back');
      });
      const second = outside(() =>
        dataSource.transaction(async (manager) => {
          await manager.query('INSERT INTO parents VALUES (2)');
          await sleep(40);
        }),
      );

      await first.catch(() => 'rolled back');
      await second;
      await expect(stray).rejects.toThrow('ended before the statement ran');
      expect(await parents()).toEqual(how === 'commits' ? [1, 2] : [2]);
    },
  );

  it('the end of a transaction, for its own subscribers, though a query is still under way', async () => {
    let written: Promise<unknown> | undefined;
    subscribe({
      beforeQuery: async (event) => {
        if (event.query.includes('99')) await sleep(20);
      },
      afterTransactionCommit: (event) => {
        written ??= event.queryRunner.query('INSERT INTO parents VALUES (2)');
        return written.then(() => {});
      },
    });
    await dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO parents VALUES (1)');
      manager.query('INSERT INTO parents VALUES (99)').catch(() => {});
    });

    await written;
    expect(await parents()).toEqual([1, 2]);
  });

  describe('destroy(), which', () => {
    it('lets an open transaction finish', async () => {
      const written = dataSource.transaction(async (manager) => {
        await sleep(20);
        await manager.query('INSERT INTO parents VALUES (1)');
      });
      await dataSource.destroy();
      await written;

      dataSource = await open();
      expect(await parents()).toEqual([1]);
    });

    it('closes at once inside of a transaction, and rolls it back', async () => {
      const closed = dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO parents VALUES (1)');
        await dataSource.destroy();
      });

      await expect(closed).rejects.toThrow();
      dataSource = await open();
      expect(await parents()).toEqual([]);
    });

    it('closes in the end though a transaction is never ended', async () => {
      const forgotten = dataSource.createQueryRunner();
      await forgotten.startTransaction();
      await forgotten.query('INSERT INTO parents VALUES (1)');
      await outside(() => dataSource.destroy());

      dataSource = await open();
      expect(await parents()).toEqual([]);
      await expect(forgotten.query('SELECT 1')).rejects.toThrow();
      await forgotten.release();
    });
  });
});
