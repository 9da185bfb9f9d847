import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  EventNotFoundError,
  EventxClosedError,
  type EventxEvent,
  EventxRunner,
  eventxStreamController,
  LogTruncatedError,
  remoteStorage,
} from 'nestjs-eventx';
import { lastValueFrom, take as first, toArray } from 'rxjs';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { startRemote } from '../../support/processes/remote.js';
import { take } from '../../support/reading.js';
import { range, seqsOf } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const later = cleanUpAfterEach();
const CONTROLLER = eventxStreamController({ maxBatch: 7 });

let database: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
  server = await startLogServer(database.options, { controllers: [CONTROLLER] });
});
afterEach(async () => {
  await server.close();
  await database.remove();
});

const here = () => `${server.url}/eventx`;
const types = (events: readonly EventxEvent[]) => events.map(({ type }) => type);

async function remote(options?: Parameters<typeof startRemote>[1]) {
  const log = await startRemote({ url: here() }, options);
  later(() => log.close());
  return log;
}

async function fill(count: number): Promise<void> {
  await server.publish(...range(1, count).map((n) => `n${n}`));
  await server.reached(count);
}

describe('a log that another service serves', () => {
  test('is read from the start, behind its window and at its head, as a local one', async () => {
    await fill(300);
    const { eventx } = await remote({ windowSize: 20, initialWindow: 5 });
    const subscriber = eventx.subscriber({ from: 1, fetchLimit: 50 });
    expect(types(await take(subscriber, 300))).toEqual(range(1, 300).map((n) => `n${n}`));

    const waiting = take(subscriber, 2);
    await server.publish('new', 'newer');
    expect(types(await waiting)).toEqual(['new', 'newer']);
  });

  test('delivers an event with all that it has', async () => {
    await server.dataSource.transaction((manager) =>
      server.eventx.publish(manager, [
        { type: 'a', key: 'ключ', headers: { trace: 'ü' }, data: { text: '☃', list: [1, null] } },
        { type: 'b', data: new Uint8Array([0, 255, 128]) },
      ]),
    );
    const local = await take(server.eventx.subscriber({ from: 1 }), 2);
    const { eventx } = await remote();
    const there = await take(eventx.subscriber({ from: 1 }), 2);
    expect(there.map((event) => event.toJSON())).toEqual(local.map((event) => event.toJSON()));
    expect(there[1]!.bytes).toEqual(Buffer.from([0, 255, 128]));
  });

  test('is followed by loops and Observables, which end with the application', async () => {
    const log = await startRemote({ url: here() });
    const seen: number[] = [];
    const loop = (async () => {
      for await (const { seq } of log.eventx.subscriber({ from: 1 })) seen.push(seq);
    })();
    const stream = lastValueFrom(log.eventx.events$({ from: 1 }).pipe(toArray()));
    const three = lastValueFrom(log.eventx.events$({ from: 2 }).pipe(first(3), toArray()));
    await fill(10);
    await until(() => seen.length === 10, { what: 'the loop to see all' });
    expect(seqsOf(await three)).toEqual([2, 3, 4]);
    await log.close();
    await loop;
    expect(seqsOf(await stream)).toEqual(range(1, 10));
  });

  test('needs no Nest: a bare runner follows it', async () => {
    await fill(20);
    const runner = new EventxRunner(remoteStorage({ url: here() }));
    const stop = new AbortController();
    const running = runner.run(stop.signal);
    const subscriber = runner.subscriber({ from: 'earliest' });
    expect(seqsOf(await take(subscriber, 20))).toEqual(range(1, 20));
    const waiting = subscriber.fetch();
    await server.publish('new');
    expect(seqsOf(await waiting)).toEqual([21]);
    stop.abort();
    await running;
    runner.close();
    await expect(subscriber.fetch()).rejects.toBeInstanceOf(EventxClosedError);
  });

  test('tells of new events at once: no poll has to find them', async () => {
    const { eventx, runner } = await remote({ pollInterval: 60_000 });
    await runner.ready();
    const subscriber = eventx.subscriber({ from: 1 });
    for (let seq = 1; seq <= 20; seq++) {
      const waiting = take(subscriber, 1);
      await server.publish('a');
      expect(seqsOf(await waiting)).toEqual([seq]);
    }
  });

  test('is only read: nothing is published to it', async () => {
    const { eventx } = await remote();
    await expect(eventx.publish({} as never, { type: 'a' })).rejects.toThrow(/storage of its own/);
  });

  test('an event that retention took is EventNotFoundError, and says where to go on', async () => {
    await fill(30);
    await server.dataSource.query('DELETE FROM eventx_events WHERE seq <= 20');
    await server.close();
    server = await startLogServer(database.options, {
      controllers: [CONTROLLER],
      options: { initialWindow: 2 },
    });
    const { eventx } = await remote({ initialWindow: 2 });
    const subscriber = eventx.subscriber({ from: 5 });
    await expect(subscriber.fetch()).rejects.toBeInstanceOf(EventNotFoundError);
    await expect(subscriber.fetch()).rejects.toMatchObject({ seq: 5, nextAvailable: 21 });
    const earliest = eventx.subscriber({ from: 'earliest' });
    expect(seqsOf(await take(earliest, 10))).toEqual(range(21, 30));
  });

  test('a log that moved back is LogTruncatedError', async () => {
    await fill(10);
    const { eventx } = await remote();
    const subscriber = eventx.subscriber({ from: 1 });
    await take(subscriber, 10);
    const waiting = subscriber.fetch();
    const failing = expect(waiting).rejects.toBeInstanceOf(LogTruncatedError);
    await server.dataSource.query('DELETE FROM eventx_events WHERE seq > 4');
    await server.dataSource.query('UPDATE eventx_state SET last_seq = 4');
    await failing;
    subscriber.seek(5);
    await server.publish('after');
    expect(types(await take(subscriber, 1))).toEqual(['after']);
  });

  test('a server that restarts is not held up by those that follow it, and waited for', async () => {
    await server.close();
    server = await startLogServer(database.options, { controllers: [CONTROLLER], patient: true });
    await fill(5);
    const { eventx, runner } = await remote();
    const subscriber = eventx.subscriber({ from: 1 });
    await take(subscriber, 5);
    const waiting = take(subscriber, 3);
    const { port } = new URL(server.url);
    await server.close();
    await until(() => runner.status.failures > 3, { what: 'some tries in vain' });
    expect(runner.status.lastError).toMatch(/The remote log at http.*ECONNREFUSED/);

    server = await startLogServer(database.options, {
      controllers: [CONTROLLER],
      port: Number(port),
    });
    await server.publish('a', 'b', 'c');
    expect(seqsOf(await waiting)).toEqual([6, 7, 8]);
  });

  test('a replica that serves it may be behind the others: nothing is taken for lost', async () => {
    await fill(3);
    const lagging = await startLogServer(database.options, {
      controllers: [CONTROLLER],
      options: { run: ['consume'], pollInterval: 60_000 },
    });
    later(() => lagging.close());
    await lagging.reached(3);
    await server.publish(...range(4, 40).map((n) => `n${n}`));
    await server.reached(40);

    const log = await startRemote({ url: `${lagging.url}/eventx` }, { initialWindow: 0 });
    later(() => log.close());
    expect(seqsOf(await take(log.eventx.subscriber({ from: 1 }), 40))).toEqual(range(1, 40));
    await server.publish('new');
    await server.reached(41);
    expect(seqsOf(await take(log.eventx.subscriber({ from: 41 }), 1))).toEqual([41]);
  });
});

describe('something that is no log', () => {
  test.each([
    ['another page', '/', /answered 404/],
    ['another path of the log', '/eventx/events', /answered 4/],
  ])('%s is reported by its address', async (_what, path, reason) => {
    const runner = new EventxRunner(remoteStorage({ url: `${server.url}${path}` }), {
      errorBackoff: { initial: 1, max: 2 },
    });
    const stop = new AbortController();
    const running = runner.run(stop.signal);
    await until(() => runner.status.lastError !== null, { what: 'an error' });
    stop.abort();
    await running;
    expect(runner.status.lastError).toMatch(reason);
  });

  test.each([
    [{ url: 'events/eventx' }, /"url" must be an http or https URL/],
    [{ url: 'http://a:b@events/eventx' }, /must not hold a user or a password/],
    [{ url: 'http://events', retry: 1 }, /unknown option "retry"/],
    [{ url: 'http://events', timeout: -1 }, /"timeout"/],
  ])('remoteStorage refuses %j', (options, message) => {
    expect(() => remoteStorage(options)).toThrow(message);
  });
});
