import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { ReplicatedServer } from '../support/replication.js';
import { SplittingProxy, type SplittingRules } from '../support/splitting-proxy.js';

const later = cleanUpAfterEach();

let servers: ReplicatedServer;
let database: TestDatabase;
beforeAll(async () => {
  servers = await ReplicatedServer.start();
}, 180_000);
afterAll(() => servers.stop());
beforeEach(async () => {
  database = await createDatabase(servers.primary.url());
  later(() => database.drop());
  await database.query('CREATE TABLE rows_of_it (id INT PRIMARY KEY)');
  await servers.caughtUp();
  await servers.hold();
  later(() => servers.release());
});

async function through(rules?: SplittingRules) {
  const proxy = await SplittingProxy.between(database.url, servers.replica.url(), rules);
  later(() => proxy.close());
  const dataSource = new DataSource({ type: 'mariadb', url: proxy.url });
  await dataSource.initialize();
  later(() => dataSource.destroy());
  return { proxy, dataSource };
}

const COUNT = 'SELECT COUNT(*) AS n FROM rows_of_it';

async function count(by: { query(sql: string): Promise<unknown> }, lock = ''): Promise<number> {
  const [row] = (await by.query(COUNT + lock)) as { n: string }[];
  return Number(row!.n);
}

describe('a proxy that splits reads from writes', () => {
  test('lets the replica answer what does not lock, as stale as it is', async () => {
    const { proxy, dataSource } = await through();
    await dataSource.query('INSERT INTO rows_of_it VALUES (1)');
    expect(await count(dataSource)).toBe(0);
    expect(await count(dataSource, ' LOCK IN SHARE MODE')).toBe(1);
    expect(await count(dataSource, ' FOR UPDATE')).toBe(1);
    const [id] = await dataSource.query<{ id: string }[]>('SELECT @@server_id AS id');
    const [shown] = await dataSource.query<{ Value: string }[]>("SHOW VARIABLES LIKE 'server_id'");
    expect([Number(id!.id), Number(shown!.Value)]).toEqual([2, 1]);

    await servers.release();
    await servers.caughtUp();
    expect(await count(dataSource)).toBe(1);
    proxy.splits = false;
    await servers.hold();
    await dataSource.query('INSERT INTO rows_of_it VALUES (2)');
    expect(await count(dataSource)).toBe(2);
  });

  test.each([
    ['primary', 1],
    ['replica', 0],
  ] as const)('in a transaction reads from the %s, if told so', async (inTransactions, seen) => {
    const { dataSource } = await through({ inTransactions });
    const found = await dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO rows_of_it VALUES (1)');
      return count(manager);
    });
    expect(found).toBe(seen);
    expect(await count(dataSource)).toBe(0);
  });

  test('keeps both sessions alike, and passes large statements and answers on as they are', async () => {
    const { dataSource } = await through();
    const runner = dataSource.createQueryRunner();
    later(() => runner.release());
    await runner.query("SET @word = 'set on both'");
    const [{ word }] = (await runner.query('SELECT @word AS word')) as [{ word: string }];
    expect(word).toBe('set on both');
    const text = 'ü'.repeat(2_000_000);
    const [row] = (await runner.query('SELECT ? AS text', [text])) as [{ text: string }];
    expect(row.text === text).toBe(true);
    await expect(runner.query('SELECT * FROM nowhere')).rejects.toThrow(/doesn't exist/);
    expect(await count(runner)).toBe(0);
  });
});
