import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventInput } from 'nestjs-eventx';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerApp } from '../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { HOSTILE_TEXTS } from '../support/hostile.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';

const server = new MariaDbServer();
let database: TestDatabase;
beforeAll(() => server.start(), 120_000);
afterAll(() => server.stop());
beforeEach(async () => {
  database = await createDatabase(server.url());
});
afterEach(() => database.drop());

const EVENTS: readonly EventInput[] = HOSTILE_TEXTS.map((text) => ({ type: text, key: text }));

describe('a server whose sql_mode is', () => {
  const undo = cleanUpAfterEach();

  test.each([
    '',
    'ANSI',
    'TRADITIONAL',
    'ANSI_QUOTES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH,ONLY_FULL_GROUP_BY,NO_UNSIGNED_SUBTRACTION',
  ])('"%s" keeps a log like any other', async (modes) => {
    await database.query('SET GLOBAL sql_mode = ?', [modes]);
    const app = await startConsumerApp(database.options, { options: { windowSize: 1 } });
    undo(() => app.close());
    // What fails is rolled back and comes again.
    const seen = new Map<number, EventInput>();
    app.consume({
      name: 'c',
      transactional: true,
      afterRetries: 'park-key',
      retry: { attempts: 1 },
      handle: ({ seq, type, key }) => {
        if (type === 'stock ') throw new Error('no');
        seen.set(seq, { type, key });
      },
    });
    await app.write(...EVENTS);
    await app.finished('c');
    expect([...seen.values()]).toEqual(EVENTS.filter(({ type }) => type !== 'stock '));
    expect(await app.letters.list({ key: 'stock ' })).toMatchObject([{ type: 'stock ' }]);
  });

  test('ORACLE is refused: it does not take the statement that numbers', async () => {
    await database.query("SET GLOBAL sql_mode = 'ORACLE'");
    await expect(startApp(database.options)).rejects.toThrow(/sql_mode has ORACLE.*oracle-mode/);
  });

  test('NO_BACKSLASH_ESCAPES is refused: a key could hold SQL that is run', async () => {
    await database.query("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'");
    await expect(startApp(database.options)).rejects.toThrow(
      /a quote in a parameter ends its string.*allowUnsafe: \['no-backslash-escapes'\]/,
    );

    // What it would be like: to the server the string ends at the quote that the driver believes to have escaped.
    const app = await startApp(database.options, {
      options: { allowUnsafe: ['no-backslash-escapes'] },
    });
    undo(() => app.close());
    const key = "', NULL, UUID(), 0x22666f7267656422) -- ";
    await app.dataSource.transaction((manager) =>
      app.eventx.publish(manager, { type: 't', key, data: 'true' }),
    );
    await app.reached(1);
    expect(await app.eventx.read(1)).toMatchObject([{ key: '\\', data: 'forged' }]);
  });
});
