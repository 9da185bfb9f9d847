import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { createDatabase, tempSqliteFile, type TestDatabase } from '../support/databases.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';
import { until } from '../support/until.js';

describe('the test databases', () => {
  it('keeps two databases apart and counts only the connections of its own', async () => {
    const [one, two] = await Promise.all([createDatabase(), createDatabase()]);
    await one.query('CREATE TABLE only_in_one (id int)');
    await expect(two.query('SELECT * FROM only_in_one')).rejects.toThrow(/doesn't exist/);

    const dataSource = await new DataSource({ ...one.options, entities: [] }).initialize();
    expect(await one.connectionCount()).toBe(1);
    expect(await two.connectionCount()).toBe(0);
    await dataSource.destroy();
    await until(async () => (await one.connectionCount()) === 0, { what: 'a closed connection' });

    await one.drop();
    const left = await two.query('SHOW DATABASES LIKE ?', [one.name]);
    expect(left).toEqual([]);
    await two.drop();
  });

  it('gives the embedded database a new file that goes away with its folder', () => {
    const file = tempSqliteFile();
    expect(existsSync(file.path)).toBe(false);
    file.remove();
    expect(existsSync(new URL('.', `file://${file.path}`))).toBe(false);
  });
});

describe('until', () => {
  it('returns the first truthy value, whatever was thrown before', async () => {
    let calls = 0;
    const value = await until(
      () => {
        if (++calls < 3) throw new Error('not yet');
        return calls;
      },
      { what: 'the third call' },
    );
    expect(value).toBe(3);
  });

  it('says what it waited for, and why it was not there', async () => {
    const refused = new Error('refused');
    await expect(
      until(() => Promise.reject(refused), { what: 'a miracle', timeoutMs: 10 }),
    ).rejects.toMatchObject({ message: expect.stringContaining('a miracle'), cause: refused });
  });
});

describe('a private server', () => {
  const server = new MariaDbServer({ durable: true, flags: ['--auto-increment-increment=2'] });
  let database: TestDatabase;

  beforeAll(async () => {
    await server.start();
    database = await createDatabase(server.url());
  }, 120_000);
  afterAll(async () => {
    await database.drop();
    await server.stop();
  });

  it('runs with the flags asked for', async () => {
    const [row] = await database.query(
      'SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flush, @@auto_increment_increment AS step',
    );
    expect(row).toMatchObject({ version: expect.any(String), flush: 1, step: 2 });
  });

  it('comes back on its port with what was committed, after a kill and after a restart', async () => {
    await database.query('CREATE TABLE kept (id int)');
    await database.query('INSERT INTO kept VALUES (1)');
    const { pid, port } = server;
    await server.kill();
    await expect(database.query('SELECT 1')).rejects.toThrow();
    await server.start();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    await server.restart();
    const rows = await until(() => database.query('SELECT id FROM kept'), { what: 'the server' });
    expect(rows).toEqual([{ id: 1 }]);
  });

  it('answers nobody while suspended, and goes on when resumed', async () => {
    const { id } = (await database.query<{ id: number }>('SELECT CONNECTION_ID() AS id'))[0]!;
    await server.suspend();
    await expect(
      createConnection({ uri: server.url(), connectTimeout: 100 }),
    ).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await server.resume();
    expect(await database.query('SELECT CONNECTION_ID() AS id')).toEqual([{ id }]);
  });
});
