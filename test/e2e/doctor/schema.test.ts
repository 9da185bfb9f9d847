import { describe, expect, test } from '@jest/globals';
import type { DoctorCheck } from 'nestjs-eventx';

import { startApp, startAppOn } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { examine, finding } from '../../support/doctor.js';

describe.each(DATABASES)('the doctor and the tables, on %s', (database) => {
  const later = cleanUpAfterEach();
  const onIndex = database === 'sqlite' ? '' : ' ON eventx_events';

  const start = async () => {
    const app = await startAppOn(database, { options: { run: false } });
    later(() => app.close());
    return app;
  };

  test.each<[DoctorCheck, string[], RegExp, RegExp]>([
    [
      'schema-version',
      ['DELETE FROM eventx_migrations WHERE version = 2'],
      /lacks EventxConsumers/,
      /"migrate: true"/,
    ],
    [
      'missing-table',
      ['DROP TABLE eventx_done'],
      /no table "eventx_done", though/,
      /eventxSchemaSql/,
    ],
    [
      'missing-column',
      ['ALTER TABLE eventx_events DROP COLUMN headers'],
      /"eventx_events" lacks the column\(s\) headers/,
      /Add them as in eventxSchemaSql/,
    ],
    [
      'missing-index',
      [`DROP INDEX uq_eventx_events_seq${onIndex}`],
      /"eventx_events" has no unique index on "seq" alone/,
      /^CREATE UNIQUE INDEX uq_eventx_events_seq ON eventx_events \(seq\)$/,
    ],
    [
      'state-row',
      ['DELETE FROM eventx_state'],
      /"eventx_state" has no row/,
      /INSERT INTO eventx_state \(name, last_seq, epoch\) VALUES \('eventx_events', 0, /,
    ],
  ])('finds %s', async (check, statements, message, fix) => {
    const app = await start();
    for (const statement of statements) await app.dataSource.query(statement);
    expect(await examine(app)).toEqual([finding(check, 'error', message, fix)]);
  });

  test.each([
    ['missing-index', `DROP INDEX uq_eventx_events_seq${onIndex}`],
    ['state-row', 'DELETE FROM eventx_state'],
  ])('what it says to do about %s helps', async (_, statement) => {
    const app = await start();
    await app.dataSource.query(statement);
    const [{ fix } = { fix: '' }] = await examine(app);
    await app.dataSource.query(/(CREATE|INSERT INTO) .*/.exec(fix)![0]);
    expect(await examine(app)).toEqual([]);
  });

  test('finds that the index of the reads was replaced by one of another name', async () => {
    const app = await start();
    await app.dataSource.query(`DROP INDEX uq_eventx_events_seq${onIndex}`);
    await app.dataSource.query('CREATE UNIQUE INDEX by_number ON eventx_events (seq)');
    const findings = await examine(app);
    expect(findings.slice(0, 2)).toEqual([
      finding(
        'query-plan',
        'error',
        /events without a number in "eventx_events" does not go straight.*"uq_eventx_events_seq"/,
        /called "by_number" now: restart the processes, or CREATE UNIQUE INDEX uq_eventx_events_seq ON eventx_events \(seq\)/,
      ),
      finding('query-plan', 'error', /events from a number on/, /by_number/),
    ]);
    await app.dataSource.query('CREATE UNIQUE INDEX uq_eventx_events_seq ON eventx_events (seq)');
    expect(await examine(app)).toEqual([]);
  });

  test('a table is examined under its own name', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const app = await startApp(options, { extras: { tables: { prefix: 'shop_' } } });
    later(() => app.close());
    await app.dataSource.query('DROP TABLE shop_eventx_dead_letters');
    expect(await examine(app)).toMatchObject([
      { message: expect.stringContaining('"shop_eventx_dead_letters"') },
    ]);
  });
});

describe('the doctor and what only a server has', () => {
  const later = cleanUpAfterEach();
  const start = async () => {
    const app = await startAppOn('mariadb', { options: { run: false } });
    later(() => app.close());
    return app;
  };

  test('finds a table that takes no part in transactions, and so does the start', async () => {
    const { options, remove } = await emptyDatabase('mariadb');
    later(remove);
    const app = await startApp(options);
    later(() => app.close());
    await app.dataSource.query('ALTER TABLE eventx_offsets ENGINE = Aria');
    expect(await examine(app)).toEqual([
      finding(
        'table-engine',
        'error',
        /"eventx_offsets" has the engine Aria.*\(G1\)/,
        /^ALTER TABLE eventx_offsets ENGINE = InnoDB$/,
      ),
    ]);
    await expect(startApp(options)).rejects.toThrow(
      /"eventx_offsets" has the engine Aria.*ALTER TABLE eventx_offsets ENGINE = InnoDB\.$/,
    );
  });

  test('finds that the reads cannot use the index: it is ignored', async () => {
    const app = await start();
    await app.dataSource.query(
      'ALTER TABLE eventx_events ALTER INDEX uq_eventx_events_seq IGNORED',
    );
    const findings = await examine(app);
    expect(findings.slice(0, 2)).toEqual([
      finding('query-plan', 'error', /without a number/, /Make the index as it was.*in use/),
      finding('query-plan', 'error', /from a number on/, /Make the index as it was.*in use/),
    ]);
  });

  test('finds that the reads pass over every event: the numbers are text', async () => {
    const app = await start();
    await app.dataSource.query('ALTER TABLE eventx_events MODIFY seq VARCHAR(20) NULL');
    expect(await examine(app)).toEqual([
      finding('query-plan', 'error', /from a number on/, /of an integer column/),
    ]);
  });

  test('finds a column that is too small for the payloads that are accepted', async () => {
    const app = await start();
    await app.dataSource.query('ALTER TABLE eventx_events MODIFY data BLOB NOT NULL');
    expect(await examine(app)).toEqual([
      finding(
        'payload-column',
        'warning',
        /"data" of table "eventx_events" holds 65535 bytes, but publish accepts 1048576/,
        /^ALTER TABLE eventx_events MODIFY data MEDIUMBLOB NOT NULL; or set maxPayloadBytes: 65535$/,
      ),
    ]);
  });
});
