import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';

import { breakableTransaction } from '../../lib/typeorm/connections/breakable-transaction.js';
import { connect } from '../support/data-sources.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';

let database: TestDatabase;
let dataSource: DataSource;
beforeEach(async () => {
  database = await createDatabase();
  await database.query('CREATE TABLE written (id INT PRIMARY KEY)');
  dataSource = await connect({ ...database.options, extra: { connectionLimit: 1 } });
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** As when KILL QUERY hits the statement and then the ROLLBACK: the server answers both with an error. */
async function fail(connection: QueryRunner): Promise<never> {
  await connection.query('INSERT INTO written VALUES (1)');
  const query = connection.query.bind(connection) as (sql: string) => Promise<unknown>;
  jest
    .spyOn(connection, 'query')
    .mockImplementation((sql: string) =>
      sql === 'ROLLBACK' ? Promise.reject(new Error('interrupted')) : query(sql),
    );
  throw new Error('failed');
}

describe('G1 atomic: after a rollback that failed, nobody meets the open transaction', () => {
  test('in one of a consumer', async () => {
    const running = breakableTransaction(dataSource, new AbortController().signal, fail);
    await expect(running).rejects.toThrow('failed');
    // The pool has one connection: this is the next to get it.
    await dataSource.query('COMMIT');
    expect(await database.query('SELECT id FROM written')).toEqual([]);
  });
});
