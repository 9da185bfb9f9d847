import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventxSchemaSql } from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerApp } from '../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

const PAGE = readFileSync(new URL('../../docs/schema-and-migrations.md', import.meta.url), 'utf8');
/** The grants as the documentation says them. */
const GRANTS = [...PAGE.matchAll(/^GRANT [^;]+;/gm)].map(([statement]) => statement);

const later = cleanUpAfterEach();
let database: TestDatabase;
let user: string;
beforeEach(async () => {
  database = await createDatabase();
  user = `u${database.name.slice(-12)}`;
  await database.query(`CREATE USER ${user} IDENTIFIED BY 'hunter2'`);
});
afterEach(async () => {
  await database.query(`DROP USER ${user}`);
  await database.drop();
});

/** What an administrator does. */
async function asAdministrator(...statements: string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
}

/** A statement of the documentation, about this database and user. */
const meant = (grant: string) =>
  grant.replaceAll('shop.', `${database.name}.`).replace(/TO 'shop'@'[^']*'/, `TO ${user}`);

function asUser(): DataSourceOptions {
  const url = new URL(database.url);
  url.username = user;
  url.password = 'hunter2';
  return { ...database.options, url: url.href };
}

const makeTables = () =>
  asAdministrator(
    ...eventxSchemaSql('mariadb')
      .split(';\n')
      .filter((sql) => sql.trim() !== ''),
  );

describe('a user with the grants of the documentation and no others', () => {
  test('can do all that the library does, on tables that an administrator made', async () => {
    await makeTables();
    await asAdministrator(...GRANTS.filter((grant) => !grant.includes('CREATE')).map(meant));
    const app = await startConsumerApp(asUser(), {
      options: { migrate: false, retention: { maxTotalEvents: 2 }, pollInterval: 20 },
    });
    later(() => app.close());

    let fails = true;
    const names = ['plain', 'transactional', 'lanes', 'transactional-lanes', 'batch'];
    for (const name of names) {
      app.consume({
        name,
        transactional: name.startsWith('transactional'),
        batch: name === 'batch',
        concurrency: name.endsWith('lanes') ? 4 : 1,
        afterRetries: 'park-key',
        retry: { attempts: 1 },
        handle: (events) => {
          if (fails && [events].flat().some(({ type }) => type === 'bad')) throw new Error('no');
        },
      });
    }
    await app.write('good@a', 'bad@b', 'good@b', 'good@c', 'good');
    for (const name of names) await app.finished(name);
    expect(await app.letters.list()).toHaveLength(2 * names.length);

    fails = false;
    for (const name of names) {
      expect(await app.letters.replay({ consumer: name, key: 'b' })).toMatchObject({ replayed: 2 });
      await app.consumers.pause(name);
      await app.consumers.seek(name, 'earliest');
      await app.consumers.resume(name);
      await app.finished(name);
    }
    await until(async () => (await app.retention.runOnce()).heldBackBy.length === 0, {
      what: 'retention',
    });
    const kept = await database.query<{ seq: number }>(
      'SELECT seq FROM eventx_events ORDER BY seq',
    );
    expect(seqsOf(kept)).toEqual(range(4, 5));
    for (const name of names) await app.consumers.remove(name);
    expect(await app.consumers.list()).toEqual([]);
    expect(app.runner.status.failures).toBe(0);
    await app.close();
    await until(async () => (await database.connectionCount()) === 0, {
      what: 'every connection to be closed',
    });
  });

  test('can make the tables as well, with what migrate: true needs', async () => {
    await asAdministrator(...GRANTS.filter((grant) => grant.includes('CREATE')).map(meant));
    const app = await startApp(asUser(), { options: { migrate: true } });
    later(() => app.close());
    await app.publish('a', 'b');
    await app.reached(2);
  });

  test.each(GRANTS.filter((grant) => !grant.includes('CREATE')))(
    'lacks something without %s, and is told so without its password',
    async (left) => {
      await makeTables();
      await asAdministrator(
        ...GRANTS.filter((grant) => !grant.includes('CREATE') && grant !== left).map(meant),
      );
      const error: unknown = await startApp(asUser(), { options: { migrate: false } }).then(
        (app) => app.close(),
        (error: unknown) => error,
      );
      expect((error as Error).message).toMatch(/denied|There is no table|schema lacks/);
      expect((error as Error).message).not.toContain('hunter2');
    },
  );
});
