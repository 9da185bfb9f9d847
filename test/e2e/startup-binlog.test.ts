import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxDoctor, type EventxModuleOptions, EventxSchemaError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerApp } from '../support/consumers/app.js';
import { Effects } from '../support/consumers/effects.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { finding } from '../support/doctor.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';
import { range } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe('a server with a binary log', () => {
  const flags = ['--log-bin=binlog', '--server-id=1', '--sync-binlog=1'];
  const server = new MariaDbServer({ durable: true, flags });
  const later = cleanUpAfterEach();
  let database: TestDatabase;
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await createDatabase(server.url());
    later(() => database.drop());
  });

  /** For sessions that begin from now on. */
  const setFormat = (format: string) => database.query('SET GLOBAL binlog_format = ?', [format]);

  async function start(options: EventxModuleOptions = {}) {
    const app = await startConsumerApp(database.options, {
      options: { pollInterval: 20, ...options },
    });
    later(() => app.close());
    return app;
  }

  test('of statements is refused, and nothing is made', async () => {
    await setFormat('STATEMENT');
    const starting = start();
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(
      /^binlog_format is STATEMENT: .*nothing could be numbered.*SET GLOBAL binlog_format = 'ROW' .*allowUnsafe: \['binlog-format'\]\.$/,
    );
    expect(await database.query('SHOW TABLES')).toEqual([]);
  });

  test('of statements, where that is allowed: events are kept, it says why none is numbered, and goes on once it is mended', async () => {
    await setFormat('STATEMENT');
    const app = await start({ allowUnsafe: ['binlog-format'] });
    await app.publish('a', 'b');
    await until(() => app.runner.status.failures > 1, { what: 'numbering to fail' });
    expect(app.runner.status).toMatchObject({
      lastSeq: 0,
      lastError: expect.stringMatching(/BINLOG_FORMAT = STATEMENT/) as unknown,
    });
    expect(await app.app.get(EventxDoctor).examine({ limits: { failingRunner: 60_000 } })).toEqual([
      finding(
        'binlog-format',
        'info',
        /nothing could be numbered.*"allowUnsafe" allows it/,
        /^SET GLOBAL binlog_format = 'ROW'/,
      ),
    ]);
    await setFormat('ROW');
    await app.reached(2);
    expect((await app.eventx.read(1)).map(({ type }) => type)).toEqual(['a', 'b']);
  });

  test.each(['ROW', 'MIXED'])('of the format %s is fine', async (format) => {
    await setFormat(format);
    const app = await start();
    const effects = await Effects.in(app.dataSource);
    app.consume({
      name: 'c',
      transactional: true,
      handle: ({ seq }, { manager }) => effects.add('c', seq, manager),
    });
    await app.fill(20);
    await app.passed('c', 20);
    expect(await effects.seqs('c')).toEqual(range(1, 20));
    await app.retention.runOnce();
    expect(await app.app.get(EventxDoctor).examine()).toEqual([]);
  });
});
