import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxDoctor, type EventxModuleOptions, type ExamineOptions } from 'nestjs-eventx';

import { dialectNamed } from '../../../lib/typeorm/dialects/index.js';
import type { ExaminedLog } from '../../../lib/doctor/examination.js';
import { type AppSettings, startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { createDatabase, type TestDatabase } from '../../support/databases.js';
import { finding } from '../../support/doctor.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';
import { replicated } from '../../support/replication.js';
import { until } from '../../support/until.js';

describe('the doctor and the settings of a server', () => {
  const flags = ['--log-bin=binlog', '--server-id=1', '--sync-binlog=1'];
  const server = new MariaDbServer({ durable: true, flags });
  const later = cleanUpAfterEach();
  let database: TestDatabase;
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await createDatabase(server.url());
  });
  afterEach(() => database.drop());

  const start = async (settings?: AppSettings, more: object = {}) => {
    const app = await startApp({ ...database.options, ...more }, settings);
    later(() => app.close());
    const doctor = app.app.get(EventxDoctor);
    return { ...app, examine: (options?: ExamineOptions) => doctor.examine(options) };
  };

  /** Sets something for all sessions that begin from now on, until the end of the test. */
  const set = async (name: string, value: string | number) => {
    const [before] = await database.query(`SELECT @@GLOBAL.${name} AS value`);
    await database.query(`SET GLOBAL ${name} = ?`, [value]);
    later(() => database.query(`SET GLOBAL ${name} = ?`, [before!['value']]));
  };

  test.each([
    [
      'flush-log',
      'innodb_flush_log_at_trx_commit',
      0,
      /innodb_flush_log_at_trx_commit is 0: when the machine, or only the server, crashes/,
    ],
    [
      'flush-log',
      'innodb_flush_log_at_trx_commit',
      2,
      /innodb_flush_log_at_trx_commit is 2: when the machine crashes/,
    ],
    ['sync-binlog', 'sync_binlog', 0, /sync_binlog is 0 and the binary log is on/],
    ['sync-binlog', 'sync_binlog', 100, /sync_binlog is 100/],
  ] as const)('finds %s: %s = %i', async (check, name, value, message) => {
    const { examine } = await start();
    await set(name, value);
    const fix = new RegExp(`^SET GLOBAL ${name} = 1, also in the configuration`);
    expect(await examine()).toEqual([finding(check, 'warning', message, fix)]);
  });

  test('finds nothing where the log is flushed more often than it must', async () => {
    const { examine } = await start();
    await set('innodb_flush_log_at_trx_commit', 3);
    expect(await examine()).toEqual([]);
  });

  test('finds that the server has become a replica, which a start refuses', async () => {
    const { examine } = await start();
    await set('read_only', 1);
    expect(await examine()).toEqual([
      finding('read-only', 'unsafe', /replica serves stale rows/, /^Connect to the primary$/),
    ]);
  });

  test('mentions what the application allows', async () => {
    await set('auto_increment_increment', 2);
    const { examine } = await start({ options: { allowUnsafe: ['auto-increment-increment'] } });
    expect(await examine()).toEqual([
      finding(
        'auto-increment-increment',
        'info',
        /auto_increment_increment is 2.*"allowUnsafe" allows it/,
        /SET GLOBAL auto_increment_increment = 1/,
      ),
    ]);
  });

  test.each([
    ['read-uncommitted', 'tx_isolation', 'READ-UNCOMMITTED', /REPEATABLE READ/],
    ['autocommit-off', 'autocommit', 0, /SET GLOBAL autocommit = 1/],
  ] as const)('finds %s, which a start refuses', async (check, name, value, fix) => {
    await (await start()).close();
    await set(name, value);
    await expect(start({ options: { migrate: false } })).rejects.toThrow(
      new RegExp(`Sessions begin with .*To start regardless: allowUnsafe: \\['${check}'\\]`),
    );
    const allowed: EventxModuleOptions = { allowUnsafe: [check], run: false, migrate: false };
    const { examine } = await start({ options: allowed });
    expect(await examine()).toContainEqual(finding(check, 'info', /Sessions begin with/, fix));
  });

  test('finds that the pool would give the server up for ever: replication without restoreNodeTimeout', async () => {
    const { url } = database;
    const { examine } = await start({}, replicated(url, url));
    expect(await examine()).toEqual([
      finding(
        'replication-restore',
        'warning',
        /"replication" without restoreNodeTimeout.*does not recover.*The log itself does/,
        /^Set replication: { restoreNodeTimeout: 1000, … } in the options of the data source$/,
      ),
    ]);
    const mended = await start({}, replicated(url, url, { restoreNodeTimeout: 1000 }));
    expect(await mended.examine()).toEqual([]);
  });

  test('finds that values are cut: sql_mode', async () => {
    await set('sql_mode', 'NO_ENGINE_SUBSTITUTION');
    const { examine, dataSource } = await start();
    await dataSource.query(
      "INSERT INTO eventx_events (type, uuid, data) VALUES (REPEAT('t', 200), '', '')",
    );
    expect(await dataSource.query('SELECT LENGTH(type) AS length FROM eventx_events')).toEqual([
      { length: 191 },
    ]);
    expect(await examine()).toEqual([
      finding(
        'sql-mode',
        'warning',
        /sql_mode is '.*NO_ENGINE_SUBSTITUTION'.*"eventx_events" is cut/,
        /^SET GLOBAL sql_mode = CONCAT_WS/,
      ),
    ]);
    const fix = (await examine())[0]!.fix.split(', also')[0]!;
    await database.query(fix);
    const [mode] = await database.query('SELECT @@GLOBAL.sql_mode AS value');
    expect(mode!['value']).toBe('STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION');
  });

  test('finds that sessions speak a smaller UTF-8: emoji are lost', async () => {
    const { examine, eventx, dataSource } = await start({}, { charset: 'utf8' });
    await dataSource.transaction((manager) =>
      eventx.publish(manager, { type: 'smile', key: '😀', data: '😀' }),
    );
    const [event] = await database.query(
      'SELECT `key`, CONVERT(data USING utf8mb4) AS data FROM eventx_events',
    );
    expect(event!['key']).not.toBe('😀');
    expect(event!['data']).toBe('"😀"');
    expect(await examine()).toEqual([
      finding(
        'character-set',
        'error',
        /character_set_client is utf8mb3.*without an error/,
        /charset: 'utf8mb4'/,
      ),
    ]);
  });

  test('finds that sessions speak latin1, which a start refuses: a key could hold SQL that is run', async () => {
    await expect(start({}, { charset: 'latin1' })).rejects.toThrow(
      /Sessions speak latin1, not utf8mb4.*charset: 'utf8mb4'.*allowUnsafe: \['character-set'\]/,
    );
    const app = await start({ options: { allowUnsafe: ['character-set'] } }, { charset: 'latin1' });
    expect(await app.examine()).toEqual([
      finding('character-set', 'info', /Sessions speak latin1/, /charset: 'utf8mb4'/),
    ]);
    // What it would be like: the driver escapes quotes, and then makes one of the letter h with a stroke.
    const key = 'ħ, NULL, UUID(), 0x22666f7267656422) -- ';
    await app.dataSource.transaction((manager) =>
      app.eventx.publish(manager, { type: 't', key, data: true }),
    );
    await app.reached(1);
    expect(await app.eventx.read(1)).toMatchObject([{ key: '', data: 'forged' }]);
  });

  test('finds that the driver takes times for those of another zone', async () => {
    const { examine } = await start({}, { timezone: '+05:00' });
    expect(await examine()).toEqual([
      finding('driver-time-zone', 'warning', /come out -18000 s off/, /timezone: 'Z'/),
    ]);
  });

  test('finds that a transaction stays open, and that the clean-up waits for it', async () => {
    const app = await start();
    const open = app.dataSource.createQueryRunner();
    await open.startTransaction('REPEATABLE READ');
    later(() => open.release());
    later(() => open.rollbackTransaction());
    const [{ id } = { id: 0 }] = (await open.query(
      'SELECT CONNECTION_ID() AS id, COUNT(*) FROM eventx_events',
    )) as { id: number }[];
    for (let seq = 1; seq <= 5; seq++) {
      await app.publish('a');
      await app.reached(seq);
    }
    const limits = { openTransaction: 1000, historyLength: 3 };
    const findings = await until(
      async () => {
        const found = await app.examine({ limits });
        return found.length === 2 && found;
      },
      { what: 'both findings' },
    );
    expect(findings).toEqual([
      finding('history-length', 'warning', /InnoDB has \d+ transactions yet/, /purge_threads/),
      finding(
        'open-transaction',
        'warning',
        new RegExp(
          `open for \\d+ s: session ${id} of 'root'@'[^']+:\\d+', open since 20\\S+Z, 0 rows modified\\. What`,
        ),
        new RegExp(`KILL ${id}$`),
      ),
    ]);
    expect(await app.examine()).toEqual([]);

    const { log } = app.app.get<{ log: ExaminedLog }>(EventxDoctor);
    const target = { ...log.target, dialect: dialectNamed('mysql') };
    const mysql = new EventxDoctor({ ...log, target });
    // What is asked of MySQL, a MariaDB server can answer as well.
    expect((await mysql.examine({ limits })).map(({ check }) => check)).toEqual([
      'history-length',
      'open-transaction',
    ]);
    expect(await mysql.examine({ full: true })).toEqual([]);
  });

  test.each([
    ['ahead of', '+ 60'],
    ['behind', '- 60'],
  ])('finds that the clock of the database is %s this process’s', async (how, by) => {
    // For all users but those who administer the server.
    await set('init_connect', `SET timestamp = UNIX_TIMESTAMP() ${by}`);
    await database.query("CREATE USER 'shop'@'%' IDENTIFIED BY 'secret'");
    later(() => database.query("DROP USER 'shop'@'%'"));
    await database.query(`GRANT ALL ON ${database.name}.* TO 'shop'@'%'`);
    const url = database.url.replace('root@', 'shop:secret@');
    const { examine } = await start({ options: { run: false } }, { url });
    const message = new RegExp(`database is [56]\\d(\\.\\d+)? s ${how} this process’s`);
    expect(await examine()).toContainEqual(finding('clock-skew', 'info', message, /NTP/));
    expect(await examine({ limits: { clockSkew: 90_000 } })).not.toContainEqual(
      expect.objectContaining({ check: 'clock-skew' }),
    );
  });
});
