import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { UnsafeSetting } from 'nestjs-eventx';

import { startApp, type TestApp } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';

describe('a server whose settings endanger a guarantee', () => {
  // As user root we may write nevertheless.
  const server = new MariaDbServer({ flags: ['--auto-increment-increment=2', '--read-only=1'] });
  let database: TestDatabase;
  let log: TestApp | undefined;
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await createDatabase(server.url());
  });
  afterEach(async () => {
    await log?.close();
    await database.drop();
  });

  const start = (...allowUnsafe: UnsafeSetting[]) =>
    startApp(database.options, { options: { allowUnsafe } });

  test('is refused, with the name by which to allow each', async () => {
    await expect(start()).rejects.toThrow(
      /read-only: a replica.*allowUnsafe: \['read-only'\].*auto_increment_increment is 2.*allowUnsafe: \['auto-increment-increment'\]/,
    );
    await expect(start('read-only')).rejects.toThrow(/^auto_increment_increment is 2/);
  });

  test('is refused before anything is written, which a user of a replica could not do', async () => {
    await database.query("CREATE USER 'owner'@'%' IDENTIFIED BY 'secret'");
    await database.query(`GRANT ALL ON ${database.name}.* TO 'owner'@'%'`);
    const url = database.url.replace('root@', 'owner:secret@');
    try {
      await expect(startApp({ ...database.options, url })).rejects.toThrow(
        /read-only: a replica serves stale rows.*Connect to the primary\./,
      );
      expect(await database.query('SHOW TABLES')).toEqual([]);
    } finally {
      await database.query("DROP USER 'owner'@'%'");
    }
  });

  test('is taken when the application allows it', async () => {
    log = await start('read-only', 'auto-increment-increment');
    await log.publish('a', 'b', 'c');
    await log.reached(3);
    const rows = await database.query('SELECT id, seq FROM eventx_events ORDER BY seq');
    expect(rows).toEqual([
      { id: 1, seq: 1 },
      { id: 3, seq: 2 },
      { id: 5, seq: 3 },
    ]);
  });
});
