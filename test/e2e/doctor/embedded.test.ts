import { openSync, closeSync, writeSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import libsql from 'libsql';
import { EventxDoctor } from 'nestjs-eventx';

import { startApp, startAppOn } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { connect, emptyDatabase } from '../../support/data-sources.js';
import { finding } from '../../support/doctor.js';

const PAGE = 4096;

describe('the doctor and the embedded database', () => {
  const later = cleanUpAfterEach();

  test.each([
    ['flush-log', 'PRAGMA synchronous = NORMAL', /synchronous is 1/, /PRAGMA synchronous = FULL/],
    [
      'journal-mode',
      'PRAGMA journal_mode = MEMORY',
      /journal_mode is memory/,
      /journal_mode = WAL/,
    ],
  ] as const)('finds %s', async (check, pragma, message, fix) => {
    const log = await startAppOn('sqlite', { options: { run: false } });
    later(() => log.close());
    await log.dataSource.query(pragma);
    expect(await log.app.get(EventxDoctor).examine()).toEqual([
      finding(check, 'warning', message, fix),
    ]);
  });

  test('does not mind that a database in memory is not durable', async () => {
    const log = await startApp({
      type: 'better-sqlite3',
      driver: libsql,
      database: ':memory:',
    });
    later(() => log.close());
    expect(await log.app.get(EventxDoctor).examine({ full: true })).toEqual([]);
  });

  test('finds, when it looks at everything, that the file is damaged', async () => {
    const { options, remove } = await emptyDatabase('sqlite');
    later(remove);
    const other = await connect(options);
    await other.query('CREATE TABLE other (data BLOB)');
    await other.query('INSERT INTO other VALUES (zeroblob(1000000))');
    await other.destroy();
    // In the middle of the million bytes.
    const file = openSync((options as { database: string }).database, 'r+');
    writeSync(file, Buffer.alloc(PAGE, 0xff), 0, PAGE, 100 * PAGE);
    closeSync(file);

    const log = await startApp(options, { options: { run: false } });
    later(() => log.close());
    const doctor = log.app.get(EventxDoctor);
    expect(await doctor.examine()).toEqual([]);
    expect(await doctor.examine({ full: true })).toEqual([
      finding('file-damaged', 'error', /file of the database is damaged: /, /\.recover/),
    ]);
  });
});
