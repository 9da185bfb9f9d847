import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NoTransactionError } from 'nestjs-eventx';
import type { QueryRunner } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';

describe.each(DATABASES)('G1 atomic: transactions of a query runner on %s', (database) => {
  let log: TestApp;
  let connection: QueryRunner;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
    connection = log.dataSource.createQueryRunner();
  });
  afterEach(() => connection.release());

  const publish = (type: string) => log.eventx.publish(connection.manager, { type });

  test('one after the other keep their events apart', async () => {
    await connection.startTransaction();
    await publish('a');
    await connection.commitTransaction();
    await log.reached(before + 1);
    await connection.startTransaction();
    await publish('b');
    await connection.rollbackTransaction();
    await connection.startTransaction();
    await publish('c');
    await connection.commitTransaction();
    await log.reached(before + 2);
    await connection.release();
    expect(await typesAfter(log, before)).toEqual(['a', 'c']);
  });

  test('with savepoints by hand', async () => {
    await connection.startTransaction();
    await publish('a');
    await connection.startTransaction();
    await publish('b');
    await connection.rollbackTransaction();
    await connection.startTransaction();
    await publish('c');
    await connection.commitTransaction();
    await connection.commitTransaction();
    await connection.release();
    expect(await typesAfter(log, before)).toEqual(['a', 'c']);
  });

  test('take no event before they begin nor after they ended', async () => {
    await expect(publish('early')).rejects.toBeInstanceOf(NoTransactionError);
    await connection.startTransaction();
    await connection.commitTransaction();
    await expect(publish('late')).rejects.toBeInstanceOf(NoTransactionError);
    await connection.startTransaction();
    await connection.rollbackTransaction();
    await expect(publish('late')).rejects.toThrow(/use dataSource.transaction/i);
    await connection.release();
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('that are never ended leave nothing', async () => {
    await connection.startTransaction();
    await publish('a');
    await connection.query('ROLLBACK');
    await connection.release();
    expect(await typesAfter(log, before)).toEqual([]);
  });
});
