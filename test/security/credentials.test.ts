import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { httpSignal, remoteStorage } from 'nestjs-eventx';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerApp } from '../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { NestRecording } from '../support/recording-nest.js';
import { until } from '../support/until.js';

const PASSWORD = 'hunter2-p%40ss';
const SECRET = /hunter2/;

const later = cleanUpAfterEach();
let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

/** The database as somebody with a password sees it. */
function url(change: (url: URL) => void): string {
  const result = new URL(database.url);
  result.username = 'shop';
  result.password = PASSWORD;
  change(result);
  return result.href;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => new Error('It did not fail.'),
    (error: unknown) => error as Error,
  );

describe('a password is in no message', () => {
  test.each<[string, (url: URL) => void, RegExp]>([
    ['that is wrong', () => undefined, /Access denied for user 'shop'/],
    ['for a port where nobody listens', (url) => (url.port = '1'), /ECONNREFUSED/],
    ['for a host that is none', (url) => (url.hostname = 'nowhere.invalid'), /ENOTFOUND|EAI_AGAIN/],
  ])('%s', async (_, change, message) => {
    const error = await failure(startApp({ type: 'mariadb', url: url(change) }));
    expect(`${error.message} ${error.stack}`).toMatch(message);
    expect(`${error.message} ${error.stack}`).not.toMatch(SECRET);
  });

  test('that was changed while the application runs', async () => {
    const user = `u${database.name.slice(-12)}`;
    await database.query(`CREATE USER ${user} IDENTIFIED BY 'hunter2'`);
    later(() => database.query(`DROP USER ${user}`));
    await database.query(`GRANT ALL ON ${database.name}.* TO ${user}`);
    const app = await startConsumerApp(
      {
        ...database.options,
        url: url((url) => {
          url.username = user;
          url.password = 'hunter2';
        }),
      },
      { options: { pollInterval: 20, errorBackoff: { initial: 1, max: 5 } } },
    );
    later(() => app.close());
    const recording = new NestRecording();
    later(recording.start());
    app.consume({ name: 'c', handle: () => undefined });
    await app.write('a');
    await app.finished('c');

    await database.query(`ALTER USER ${user} IDENTIFIED BY 'hunter2-changed'`);
    const sessions = await database.query<{ id: number }>(
      'SELECT id FROM information_schema.processlist WHERE user = ?',
      [user],
    );
    for (const { id } of sessions) await database.query('KILL ?', [id]);
    await until(() => app.runner.status.failures > 2, { what: 'the runner to notice' });
    expect(app.runner.status.lastError).toMatch(/Access denied for user/);
    const publishing = app.dataSource.transaction((manager) =>
      app.eventx.publish(manager, { type: 'b' }),
    );
    expect((await failure(publishing)).message).not.toMatch(SECRET);
    expect(app.runner.status.lastError).not.toMatch(SECRET);
    expect(recording.text).toMatch(/Cannot follow the log, try 3.*Access denied/);
    expect(recording.text).not.toMatch(SECRET);

    await database.query(`ALTER USER ${user} IDENTIFIED BY 'hunter2'`);
    await app.write('c');
    await app.finished('c');
  });

  test.each([
    'mysql://shop:hunter2@db/shop',
    'shop:hunter2@events/eventx',
    'http//shop:hunter2@events',
    'http://shop:hunter2@events/eventx',
    'http://sh@op:hunter2@events/eventx',
    'events/eventx?token=hunter2',
    'wss://events/eventx?token=hunter2#hunter2',
    { url: 'hunter2' },
    ['http://hunter2'],
  ])('nor in the refusal of the URL %j', (given) => {
    const options = { url: given as string, secret: 'x'.repeat(20) };
    for (const make of [() => httpSignal(options), () => remoteStorage({ url: options.url })]) {
      expect(make).toThrow(/"url" must/);
      expect(make).not.toThrow(SECRET);
    }
  });
});
