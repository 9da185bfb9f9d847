import { describe, expect, test } from '@jest/globals';
import { EventxSchemaError } from 'nestjs-eventx';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';

describe.each(DATABASES)('the start is refused, with what to do, on %s', (database) => {
  const later = cleanUpAfterEach();

  /** A log with three events, in which somebody then does something. */
  async function damaged(...statements: string[]) {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    const log = await startApp(options);
    await log.publish('a', 'b', 'c');
    await log.reached(3);
    for (const statement of statements) await log.dataSource.query(statement);
    await log.close();
    return options;
  }

  const onIndex = database === 'sqlite' ? '' : ' ON eventx_events';

  test.each<[string, string[], RegExp]>([
    [
      'the state row is missing: numbers could be given twice',
      ['DELETE FROM eventx_state'],
      /"eventx_state" has no row for the log "eventx_events".*Insert it with last_seq at least as high/,
    ],
    [
      'the state is behind the table: one was restored without the other',
      ['UPDATE eventx_state SET last_seq = 2'],
      /ends at 2, but it holds event 3.*UPDATE eventx_state SET last_seq = 3 WHERE name = 'eventx_events'/,
    ],
    [
      'the unique index is missing',
      [`DROP INDEX uq_eventx_events_seq${onIndex}`],
      /no unique index on "seq" alone.*CREATE UNIQUE INDEX uq_eventx_events_seq ON eventx_events \(seq\)/,
    ],
    [
      'the index is not unique',
      [`DROP INDEX uq_eventx_events_seq${onIndex}`, 'CREATE INDEX other ON eventx_events (seq)'],
      /no unique index on "seq" alone/,
    ],
    [
      'the unique index has another column, too',
      [
        `DROP INDEX uq_eventx_events_seq${onIndex}`,
        'CREATE UNIQUE INDEX other ON eventx_events (seq, type)',
      ],
      /no unique index on "seq" alone/,
    ],
    [
      'columns are missing',
      [
        'ALTER TABLE eventx_events DROP COLUMN headers',
        'ALTER TABLE eventx_events DROP COLUMN uuid',
      ],
      /lacks the column\(s\) headers, uuid.*eventxSchemaSql\(\)/,
    ],
    ['the table is gone', ['DROP TABLE eventx_events'], /There is no table "eventx_events"/],
  ])('when %s', async (_, statements, message) => {
    const options = await damaged(...statements);
    const starting = startApp(options);
    await expect(starting).rejects.toBeInstanceOf(EventxSchemaError);
    await expect(starting).rejects.toThrow(message);
  });

  test('and what the message says to do helps', async () => {
    const options = await damaged(
      'UPDATE eventx_state SET last_seq = 2',
      `DROP INDEX uq_eventx_events_seq${onIndex}`,
    );
    for (let attempt = 0; ; attempt++) {
      const error = await startApp(options).then(
        async (log) => {
          later(() => log.close());
          await log.publish('d');
          await log.reached(4);
        },
        (error: unknown) => error as Error,
      );
      if (!error) break;
      expect(attempt).toBeLessThan(2);
      const remedy = /(CREATE UNIQUE INDEX [^.]+|UPDATE eventx_state [^.]+)\.$/.exec(error.message);
      const dataSource = await connect(options);
      await dataSource.query(remedy![1]!);
      await dataSource.destroy();
    }
  });

  test('an index of another name does as well', async () => {
    const options = await damaged(
      `DROP INDEX uq_eventx_events_seq${onIndex}`,
      'CREATE UNIQUE INDEX by_number ON eventx_events (seq)',
    );
    const log = await startApp(options);
    later(() => log.close());
    await log.publish('d');
    await log.reached(4);
  });
});
