import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EntitySubscriberInterface, QueryRunner } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';
import { refuseNoMore, refuseType } from '../support/refusing-trigger.js';

describe.each(DATABASES)('G1 atomic: a commit that fails on %s', (database) => {
  let log: TestApp;
  let connection: QueryRunner;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database);
    await log.dataSource.query('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
  });
  afterAll(() => log.close());
  beforeEach(async () => {
    before = log.runner.status.lastSeq!;
    await refuseType(log.dataSource, 'refused');
    connection = log.dataSource.createQueryRunner();
    await connection.startTransaction();
    await connection.query('INSERT INTO orders VALUES (1)');
  });
  afterEach(async () => {
    if (connection.isTransactionActive && !connection.isReleased) {
      await connection.rollbackTransaction();
    }
    await connection.release();
    await refuseNoMore(log.dataSource);
    await log.dataSource.query('DELETE FROM orders');
  });

  const publish = (type: string) => log.eventx.publish(connection.manager, { type });
  const orders = async () => (await log.dataSource.query<unknown[]>('SELECT * FROM orders')).length;

  test('because its events cannot be written leaves neither rows nor events', async () => {
    await publish('a');
    await publish('refused');
    await expect(connection.commitTransaction()).rejects.toThrow('refused by trigger');
    await connection.rollbackTransaction();
    await connection.release();
    expect(await orders()).toBe(0);
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('cannot be tried again until it succeeds without its events', async () => {
    await publish('a');
    await publish('refused');
    for (let times = 0; times < 3; times++) {
      await expect(connection.commitTransaction()).rejects.toThrow('refused by trigger');
      expect(connection.isTransactionActive).toBe(true);
    }
    await connection.rollbackTransaction();
    await connection.release();
    expect(await orders()).toBe(0);
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('says nothing about the next transaction of its connection', async () => {
    await publish('refused');
    await expect(connection.commitTransaction()).rejects.toThrow('refused by trigger');
    await connection.rollbackTransaction();
    await connection.startTransaction();
    await connection.query('INSERT INTO orders VALUES (2)');
    await publish('b');
    await connection.commitTransaction();
    await connection.release();
    expect(await orders()).toBe(1);
    expect(await typesAfter(log, before)).toEqual(['b']);
  });

  test('because somebody vetoed it may be tried again, and writes its events once', async () => {
    vetoNext(() => Promise.reject(new Error('vetoed')));
    await publish('a');
    await publish('b');
    await expect(connection.commitTransaction()).rejects.toThrow('vetoed');
    await connection.commitTransaction();
    await connection.release();
    expect(await orders()).toBe(1);
    expect(await typesAfter(log, before)).toEqual(['a', 'b']);
  });

  test('for two reasons at once ends the transaction and nothing else', async () => {
    vetoNext(() => {
      throw new Error('vetoed');
    });
    await publish('refused');
    // The error of the write reaches nobody; it must not end the process.
    await expect(connection.commitTransaction()).rejects.toThrow('vetoed');
    // Nor may it be the rollback that hears of it: jest reports only what nobody ever does.
    await connection.query('ROLLBACK');
    await connection.release();
    expect(await orders()).toBe(0);
    expect(await typesAfter(log, before)).toEqual([]);
  });

  /** A TypeORM subscriber of the application that acts before the next commit. */
  function vetoNext(veto: () => Promise<void> | void): void {
    const { subscribers } = log.dataSource;
    const subscriber: EntitySubscriberInterface = {
      beforeTransactionCommit() {
        subscribers.splice(subscribers.indexOf(subscriber), 1);
        return veto();
      },
    };
    subscribers.push(subscriber);
  }
});
