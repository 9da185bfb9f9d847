import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventInput, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { type ConsumerApp, startConsumerAppOn } from '../support/consumers/app.js';
import { managerOf } from '../support/consumers/manager-of.js';
import { DATABASES } from '../support/data-sources.js';
import { NestRecording } from '../support/recording-nest.js';
import { refuseNoMore, refuseType } from '../support/refusing-trigger.js';
import { until } from '../support/until.js';

type Context = ConsumerContext<EntityManager | undefined>;

/** An event whose payload and headers are nobody's business. */
const event = (type: string): EventInput => ({
  type,
  key: 'k',
  data: { card: '4111-secret', note: "it's" },
  headers: { authorization: 'Bearer secret-4111' },
});
const SECRET = /4111|secret|Bearer/;

describe.each(DATABASES)('payloads and headers stay out of the logs on %s', (database) => {
  let app: ConsumerApp;
  let recording: NestRecording;
  let stop: () => void;
  beforeEach(async () => {
    app = await startConsumerAppOn(database, {
      options: { pollInterval: 20, errorBackoff: { initial: 1, max: 5 } },
    });
    recording = new NestRecording();
    stop = recording.start();
  });
  afterEach(async () => {
    await app.close();
    stop();
  });

  /** What was logged, and what is kept of errors in the tables. */
  async function everythingSaid(): Promise<string> {
    const offsets = await app.dataSource.query<unknown[]>('SELECT * FROM eventx_offsets');
    const letters = await app.dataSource.query<{ failures: string }[]>(
      'SELECT failures FROM eventx_dead_letters',
    );
    return [recording.text, JSON.stringify(offsets), ...letters.map((row) => row.failures)].join();
  }

  test('when publishing is refused, by us and by the database', async () => {
    const said: string[] = [];
    const attempt = (input: EventInput) =>
      app.dataSource
        .transaction((manager) => app.eventx.publish(manager, input))
        .catch((error: Error) => said.push(error.message));
    await attempt({ ...event('t'), data: { card: '4111-secret', total: 1n } });
    await attempt({ ...event('t'), data: '4111-secret'.repeat(200_000) });
    await attempt({ ...event('t'), headers: { authorization: { token: 'secret' } } as never });
    await attempt({ ...event('t'), headers: { 'content-type': 'application/octet-stream' } });
    await refuseType(app.dataSource, 'refused');
    await attempt(event('refused'));
    await refuseNoMore(app.dataSource);
    expect(said).toHaveLength(5);
    expect(said.join()).not.toMatch(SECRET);
    expect(await everythingSaid()).not.toMatch(SECRET);
  });

  test('when handlers fail, retry, park and halt, also in a statement that carries the payload', async () => {
    let fails = true;
    const handle = async ({ data }: EventxEvent, context: Context) => {
      if (fails) {
        const text = JSON.stringify(data);
        const manager = managerOf(context) ?? app.dataSource.manager;
        await manager.query('INSERT INTO nowhere VALUES (?)', [text]);
      }
    };
    for (const [name, options] of Object.entries({
      plain: {},
      transactional: { transactional: true },
      lanes: { concurrency: 2 },
      batch: { batch: true },
    })) {
      const look = (events: EventxEvent | readonly EventxEvent[], context: Context) =>
        handle([events].flat()[0]!, context);
      app.consume({ name, ...options, retry: { attempts: 2 }, afterRetries: 'park', handle: look });
      app.consume({ name: `${name}-halts`, ...options, retry: { attempts: 2 }, handle: look });
    }
    await app.write(event('a'), event('b'));
    for (const name of ['plain', 'transactional', 'lanes', 'batch']) {
      await app.finished(name);
      await app.became(`${name}-halts`, 'halted');
      expect(await app.letters.replay({ consumer: name })).toMatchObject({ replayed: 0 });
    }
    fails = false;
    expect(recording.text).toMatch(/halted at seq 1 .*nowhere/);
    expect(recording.text).toMatch(/event 2 was parked/);
    expect(await everythingSaid()).not.toMatch(SECRET);
  });

  test('when a statement of ours fails that carries them, though the database quotes what it was given', async () => {
    const column = database === 'mariadb' ? 'headers(100)' : 'headers';
    await app.dataSource.query(`CREATE UNIQUE INDEX once ON eventx_events (${column})`);
    app.consume({
      name: 'c',
      types: 'a',
      transactional: true,
      handle: async (_, { manager }) => {
        await app.eventx.publish(manager, event('b'));
      },
    });
    await app.write(event('a'));
    await until(() => /"c" is interrupted, next try.*(once|headers)/.test(recording.text), {
      what: 'the trouble to be logged',
    });
    expect(await everythingSaid()).not.toMatch(SECRET);
  });

  test('when the database is not what it was', async () => {
    app.consume({ name: 'c', handle: () => undefined });
    await app.write(event('a'));
    await app.finished('c');
    await app.dataSource.query('ALTER TABLE eventx_events RENAME TO moved');
    await until(() => app.runner.status.failures > 2, { what: 'the runner to notice' });
    await app.consumers.seek('c', 1).catch(() => undefined);
    await app.dataSource.query('ALTER TABLE moved RENAME TO eventx_events');
    await until(() => app.runner.status.failures === 0, { what: 'the runner to recover' });
    expect(recording.text).toMatch(/Cannot follow the log/);
    expect(recording.text).toMatch(/Recovered/);
    expect(await everythingSaid()).not.toMatch(SECRET);
  });
});
