import { beforeAll, describe, expect, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventxDeadLetters, EventxOptionsError, type TableOptions } from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { startApp, startAppOn } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';
import { HOSTILE_TEXTS, HOSTILE_VALUES, IMPOSSIBLE_NAMES } from '../support/hostile.js';
import { tablesOf } from '../support/schema.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

/** Names that are only letters, digits and underscores, however they look. */
const HARMLESS: readonly unknown[] = [
  '_',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'stock',
  'STOCK',
];

// TypeOrmModule has something to say of so many data sources in one process.
beforeAll(() => void Logger.overrideLogger(false));

/** With what the start of an application with these tables is refused; undefined when it is not. */
const refusal = (options: DataSourceOptions, tables: TableOptions): Promise<unknown> =>
  startApp(options, { extras: { tables } }).then(
    (app) => app.close(),
    (error: unknown) => error,
  );

describe.each(DATABASES)('names of tables on %s', (database) => {
  const later = cleanUpAfterEach();

  test('that are no plain identifiers end the start with an error that says what a name may be', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const names = [...HOSTILE_TEXTS, ...IMPOSSIBLE_NAMES, ...HOSTILE_VALUES].filter(
      (name) => name !== undefined && !HARMLESS.includes(name),
    );
    for (const name of names) {
      const error = await refusal(options, { events: name } as TableOptions);
      expect(error).toBeInstanceOf(EventxOptionsError);
      expect((error as Error).message).toMatch(
        /^Option "tables.events" makes .*not a plain table name: letters, digits and underscores/s,
      );
    }
  });

  test('are refused as a prefix where they are no text', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    for (const prefix of HOSTILE_VALUES.filter((value) => value !== undefined)) {
      const error = await refusal(options, { prefix } as TableOptions);
      expect(error).toBeInstanceOf(EventxOptionsError);
      expect((error as Error).message).toMatch(/"tables.prefix" must be a string, not/);
    }
  });

  test.each(['__proto__', 'constructor', 'select'])(
    '%s is a name like any other',
    async (events) => {
      const log = await startAppOn(database, { extras: { tables: { events } } });
      later(() => log.close());
      expect(await tablesOf(log.dataSource)).toContain(events);
      await log.publish('a', 'b');
      await log.reached(2);
      log.eventx.consumer({
        name: 'c',
        startFrom: 'earliest',
        afterRetries: 'park',
        retry: { attempts: 1 },
        concurrency: 2,
        transactional: true,
        handle: () => {
          throw new Error('no');
        },
      });
      const letters = log.app.get(EventxDeadLetters);
      await until(async () => (await letters.list()).length === 2, { what: 'both to be parked' });
      expect(seqsOf(await log.eventx.read(1))).toEqual([1, 2]);
    },
  );
});
