import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DataSourceOptions } from 'typeorm';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, emptyDatabase } from '../support/data-sources.js';
import { createDatabase } from '../support/databases.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';
import { RecordingLogger } from '../support/recording-logger.js';
import { openDatabaseLog } from '../support/database-log.js';
import { replicated } from '../support/replication.js';

describe('a start warns of what threatens the log, though nothing is wrong yet', () => {
  const server = new MariaDbServer({ durable: true });
  const later = cleanUpAfterEach();
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());

  const warningsOn = async (options: DataSourceOptions) => {
    const dataSource = await connect(options);
    later(() => dataSource.destroy());
    const logger = new RecordingLogger();
    const log = await openDatabaseLog(dataSource, {}, logger);
    await log.close();
    return logger.of('warn');
  };

  test('in one line each, with what to do', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    await database.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
    later(() => database.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1'));
    expect(await warningsOn(database.options)).toEqual([
      expect.stringMatching(
        /^innodb_flush_log_at_trx_commit is 2: .*vanish.* SET GLOBAL innodb_flush_log_at_trx_commit = 1, .*\.$/,
      ),
    ]);
  });

  test('also of a pool that gives its servers up for ever after a short outage', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    const { url } = database;
    expect(await warningsOn(replicated(url, url))).toEqual([
      expect.stringMatching(
        /"replication" without restoreNodeTimeout: .*for ever.*restoreNodeTimeout: 1000, … }.*\.$/,
      ),
    ]);
    expect(await warningsOn(replicated(url, url, { restoreNodeTimeout: 1000 }))).toEqual([]);
  });

  test('and is quiet where nothing can, as on the embedded database', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    expect(await warningsOn(database.options)).toEqual([]);
    const { options, remove } = await emptyDatabase('sqlite');
    later(remove);
    expect(await warningsOn(options)).toEqual([]);
  });
});
