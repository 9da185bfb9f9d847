import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';

import { openConnections } from '../../lib/typeorm/connections/open-connections.js';
import { dialectNamed } from '../../lib/typeorm/dialects/index.js';
import { envelopeMapping } from '../../lib/typeorm/mapping/event-mapping.js';
import { logTables, resolveTables } from '../../lib/typeorm/tables.js';
import { TypeOrmEventStorage } from '../../lib/typeorm/stores/typeorm-event.storage.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, emptyDatabase } from '../support/data-sources.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';
import { until } from '../support/until.js';

describe('why reads are slow', () => {
  // One of its own, where nobody else has a transaction open.
  const server = new MariaDbServer();
  const later = cleanUpAfterEach();
  let database: TestDatabase;
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await createDatabase(server.url());
  });
  afterEach(() => database.drop());

  async function storageOn(
    options: Parameters<typeof connect>[0],
    name: 'mariadb' | 'mysql' | 'sqlite',
  ) {
    const dataSource = await connect(options);
    later(() => dataSource.destroy());
    const connections = openConnections(dataSource, { size: 1, timeoutMs: 5000 });
    later(() => connections.close());
    const table = { ...logTables(resolveTables()), seqIndex: 'uq_eventx_events_seq' };
    return new TypeOrmEventStorage(connections, dialectNamed(name), envelopeMapping, table);
  }

  /** A transaction that somebody forgets. @returns the id of its session */
  async function forget(): Promise<number> {
    await database.query('CREATE TABLE other (id INT PRIMARY KEY)');
    const connection = await createConnection({ uri: database.url });
    later(() => connection.end());
    await connection.query('START TRANSACTION');
    await connection.query("INSERT INTO other VALUES (4711), (4712) -- somebody's data");
    await connection.query('SELECT * FROM other');
    return connection.threadId;
  }

  // What is asked of MySQL, a MariaDB server can answer as well.
  test.each(['mariadb', 'mysql'] as const)('is told on %s: who left what open', async (dialect) => {
    const storage = await storageOn(database.options, dialect);
    // InnoDB goes on telling what it told last, to whoever asks again within 100 ms.
    const explained = () => delay(200).then(() => storage.explainSlowReads());
    await until(async () => (await explained()) === null, { what: 'nobody' });
    const session = await forget();
    const why = await until(explained, { what: 'the transaction' });
    expect(why).toMatch(
      new RegExp(
        `^The oldest open transaction is that of session ${session} of 'root'@'[^']+:\\d+', open since 20\\S+Z, 2 rows modified: ` +
          `until it ends .* KILL ${session}\\.$`,
      ),
    );
    const since = new Date(/since (\S+),/.exec(why!)![1]!).getTime();
    const [row] = await database.query('SELECT UNIX_TIMESTAMP(NOW(3)) * 1000 AS now');
    expect(Number(row!['now']) - since).toBeGreaterThanOrEqual(2000);
    expect(Number(row!['now']) - since).toBeLessThan(120_000);
    expect(why).not.toContain('INSERT');
  });

  test('is not told to a user who may not know, and what it takes', async () => {
    await database.query("CREATE USER 'shop'@'%' IDENTIFIED BY 'secret'");
    later(() => database.query("DROP USER 'shop'@'%'"));
    await database.query(`GRANT ALL ON ${database.name}.* TO 'shop'@'%'`);
    const url = database.url.replace('root@', 'shop:secret@');
    const storage = await storageOn({ ...database.options, url }, 'mariadb');
    expect(await storage.explainSlowReads()).toMatch(
      /To have it named here: GRANT PROCESS ON \*\.\* TO 'shop'@'%'\.$/,
    );
  });

  test('is not known on the embedded database', async () => {
    const { options, remove } = await emptyDatabase('sqlite');
    later(remove);
    expect(await (await storageOn(options, 'sqlite')).explainSlowReads()).toBeNull();
  });
});
