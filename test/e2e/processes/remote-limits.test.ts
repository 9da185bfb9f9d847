import { once } from 'node:events';
import { connect } from 'node:net';

import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventxStreamController, type StreamControllerOptions } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { Gate } from '../../support/consumers/gate.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { startRemote } from '../../support/processes/remote.js';
import { SseClient } from '../../support/processes/sse-client.js';
import { take } from '../../support/reading.js';
import { range, seqsOf } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
});
afterEach(() => database.remove());

async function serve(
  controller: StreamControllerOptions,
  options: Parameters<typeof startLogServer>[1] = {},
): Promise<LogServer> {
  const server = await startLogServer(database.options, {
    controllers: [eventxStreamController(controller)],
    ...options,
  });
  later(() => server.close());
  return server;
}

async function getJson(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.json() };
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined> }>();
    return request.headers['authorization'] === 'Bearer good';
  }
}

describe('guards of the application', () => {
  const PATHS = ['state', 'state?after=0&wait=5000', 'events?from=1', 'stream?from=1'];

  test.each(PATHS)('keep strangers out of %s', async (path) => {
    const server = await serve({ guards: [TokenGuard] });
    await server.publish('a');
    const url = `${server.url}/eventx/${path}`;
    expect((await getJson(url)).status).toBe(403);
    expect((await getJson(url, { authorization: 'Bearer bad' })).status).toBe(403);
    const good = await fetch(url, { headers: { authorization: 'Bearer good' } });
    expect(good.status).toBe(200);
    await good.body?.cancel();
  });

  test('let in who brings what they ask for, each time anew', async () => {
    const server = await serve({ guards: [new TokenGuard()] });
    await server.publish('a', 'b');
    let token = 'bad';
    const log = await startRemote({
      url: `${server.url}/eventx`,
      headers: () => Promise.resolve({ authorization: `Bearer ${token}` }),
    });
    later(() => log.close());
    const waiting = take(log.eventx.subscriber({ from: 1 }), 2);
    await until(() => log.runner.status.failures > 1, { what: 'refusals' });
    expect(log.runner.status.lastError).toMatch(/answered 403 Forbidden/);
    token = 'good';
    expect(seqsOf(await waiting)).toEqual([1, 2]);
  });
});

describe('limits of an answer', () => {
  const events = async (server: LogServer, query: string) => {
    const { body } = await getJson(`${server.url}/eventx/events?${query}`);
    return seqsOf((body as { events: { seq: number }[] }).events);
  };

  test('maxBatch, whatever is asked for', async () => {
    const server = await serve({ maxBatch: 5 });
    await server.publish(...range(1, 20).map(String));
    await server.reached(20);
    expect(await events(server, 'from=3&limit=1000000')).toEqual(range(3, 7));
    expect(await events(server, 'from=3')).toEqual(range(3, 7));
    expect(await events(server, 'from=3&limit=2')).toEqual([3, 4]);
    expect(await events(server, 'from=20')).toEqual([20]);
    expect(await events(server, 'from=21')).toEqual([]);
    expect(await events(server, 'from=0')).toEqual(range(1, 5));
  });

  test('maxBytes, but for a single event; and a remote log reads past such events as ever', async () => {
    const server = await serve({ maxBytes: 3000 });
    const large = (n: number) => ({ type: 'large', data: `${n}`.padEnd(2000) });
    await server.dataSource.transaction((manager) =>
      server.eventx.publish(manager, range(1, 8).map(large)),
    );
    await server.reached(8);
    expect(await events(server, 'from=1')).toEqual([1]);

    const log = await startRemote({ url: `${server.url}/eventx` });
    later(() => log.close());
    const subscriber = log.eventx.subscriber({ from: 1 });
    expect(seqsOf(await take(subscriber, 8))).toEqual(range(1, 8));
    await server.dataSource.transaction((manager) =>
      server.eventx.publish(manager, range(9, 12).map(large)),
    );
    expect(seqsOf(await take(subscriber, 4))).toEqual(range(9, 12));
  });

  test.each([
    'events',
    'events?from=-1',
    'events?from=1e3',
    'events?from=1&limit=all',
    'events?from=99999999999999999999',
    'events?from=1&from=2',
    'state?after=x',
    'state?after=1&wait=long',
    'stream?from=never',
  ])('%s is 400', async (path) => {
    const server = await serve({});
    expect((await getJson(`${server.url}/eventx/${path}`)).status).toBe(400);
  });
});

describe('maxStreams', () => {
  test('more requests that wait are 503; when one has gone there is room again', async () => {
    const server = await serve({ maxStreams: 2 });
    const url = `${server.url}/eventx/stream?from=1`;
    const first = await SseClient.open(url);
    const second = await SseClient.open(url);
    expect([first.status, second.status]).toEqual([200, 200]);
    const refused = await SseClient.open(url);
    expect(refused.status).toBe(503);
    expect((await getJson(`${server.url}/eventx/state?after=0&wait=60000`)).status).toBe(503);
    // What does not wait is answered.
    expect((await getJson(`${server.url}/eventx/state`)).status).toBe(200);

    first.close();
    await until(async () => (await SseClient.open(url)).status === 200, { what: 'room' });
    second.close();
  });

  test('a client that goes while a guard is thinking takes no room for ever', async () => {
    const gate = new Gate();
    const slow: CanActivate = { canActivate: () => gate.pass().then(() => true) };
    const server = await serve({ maxStreams: 1, guards: [slow] });
    const { port } = new URL(server.url);
    const gone = connect(Number(port), '127.0.0.1');
    gone.write('GET /eventx/stream?from=1 HTTP/1.1\r\nhost: here\r\n\r\n');
    await gate.arrived();
    gone.destroy();
    await once(gone, 'close');
    const http = server.app.getHttpServer() as {
      getConnections(done: (error: Error | null, count: number) => void): void;
    };
    await until(
      () => new Promise((resolve) => http.getConnections((_error, count) => resolve(count === 0))),
      { what: 'the server to notice' },
    );
    gate.open();
    await until(
      async () => {
        const client = await SseClient.open(`${server.url}/eventx/stream?from=1`);
        later(() => client.close());
        return client.status === 200;
      },
      { what: 'room' },
    );
  });

  test('a remote log that gets no room to wait goes on by its poll', async () => {
    const server = await serve({ maxStreams: 1 });
    const taken = await SseClient.open(`${server.url}/eventx/stream?from=1`);
    later(() => taken.close());
    const log = await startRemote({ url: `${server.url}/eventx` }, { pollInterval: 5 });
    later(() => log.close());
    const waiting = take(log.eventx.subscriber({ from: 1 }), 1);
    await server.publish('a');
    expect(seqsOf(await waiting)).toEqual([1]);
  });
});

test('a process that does not follow the log says so, instead of serving an end that is none', async () => {
  const server = await serve({}, { options: { run: false } });
  await server.publish('a');
  for (const path of ['state', 'events?from=1', 'stream']) {
    const { status, body } = await getJson(`${server.url}/eventx/${path}`);
    expect(status).toBe(503);
    expect(body).toMatchObject({ message: expect.stringMatching(/does not follow the log/) });
  }
});

test.each([
  [{ maxBatch: 0 }, /"maxBatch"/],
  [{ maxBytes: 1.5 }, /"maxBytes"/],
  [{ maxStreams: -1 }, /"maxStreams"/],
  [{ guard: TokenGuard }, /unknown option "guard"/],
])('eventxStreamController refuses %p', (options, message) => {
  expect(() => eventxStreamController(options as StreamControllerOptions)).toThrow(message);
});
