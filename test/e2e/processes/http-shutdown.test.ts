import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';

import type { CanActivate, NestInterceptor } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  EventxRunner,
  eventxSignalController,
  eventxStreamController,
  httpSignal,
  remoteStorage,
} from 'nestjs-eventx';
import { concatMap } from 'rxjs';

import { startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { Gate } from '../../support/consumers/gate.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import type { HttpAdapter } from '../../support/processes/http-app.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { startRemote } from '../../support/processes/remote.js';
import { type SeenConnection, seeConnections } from '../../support/processes/seen-connections.js';
import { take } from '../../support/reading.js';
import { seqsOf } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const secret = 'a secret of the two services';
const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
});
afterEach(() => database.remove());

describe.each<{ adapter: HttpAdapter; prefix?: string }>([
  { adapter: 'express' },
  { adapter: 'express', prefix: 'api/v1' },
  { adapter: 'fastify' },
  { adapter: 'fastify', prefix: 'api/v1' },
])('an application that serves the log (%j)', (listening) => {
  let server: LogServer;
  let connections: readonly SeenConnection[];

  /** Starts one that hangs up on nobody who is waiting or idle, whatever the defaults of the adapter are. */
  async function serve(
    guard: CanActivate = { canActivate: () => true },
    interceptor: NestInterceptor = { intercept: (_context, next) => next.handle() },
  ) {
    server = await startLogServer(database.options, {
      controllers: [
        eventxStreamController({ maxBytes: 30_000_000 }),
        eventxSignalController({ secret }),
      ],
      providers: [
        { provide: APP_GUARD, useValue: guard },
        { provide: APP_INTERCEPTOR, useValue: interceptor },
      ],
      patient: true,
      ...listening,
    });
    later(() => server.close());
    const http = server.app.getHttpServer() as Server;
    http.keepAliveTimeout = 0;
    connections = seeConnections(http);
  }

  const url = () => `${server.url}/eventx`;
  /** Who ended them, when all of them have ended. */
  async function endings() {
    const done = () => connections.every(({ endedBy }) => endedBy);
    await until(done, { what: 'all connections to end' });
    return connections.map(({ endedBy }) => endedBy);
  }
  const left = () => connections.filter(({ endedBy }) => endedBy !== 'client');

  /** A client that keeps its connection. */
  async function ask(path: string, method = 'GET'): Promise<IncomingMessage> {
    const agent = new Agent({ keepAlive: true });
    later(() => agent.destroy());
    const headers = { 'x-eventx-secret': secret };
    const request = get(`${server.url}/${path}`, { agent, method, headers });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  test('has no connection any more of a reader that closed, and got none that was not used', async () => {
    await serve();
    await server.publish('a');
    const reader = await startRemote({ url: url() });
    const subscriber = reader.eventx.subscriber({ from: 1 });
    expect(seqsOf(await take(subscriber, 1))).toEqual([1]);
    await server.publish('b');
    expect(seqsOf(await take(subscriber, 1))).toEqual([2]);
    await reader.close();
    await until(() => left().length === 0, { what: 'the reader to hang up' });
    expect(connections.filter(({ requests }) => requests === 0)).toEqual([]);
    await server.close();
  });

  test('nor of a bare runner that stopped', async () => {
    await serve();
    await server.publish('a');
    const runner = new EventxRunner(remoteStorage({ url: url() }));
    const stop = new AbortController();
    const running = runner.run(stop.signal);
    expect(seqsOf(await take(runner.subscriber({ from: 1 }), 1))).toEqual([1]);
    await until(() => connections.length > 1, { what: 'it to wait for news' });
    stop.abort();
    await running;
    await until(() => left().length === 0, { what: 'the runner to hang up' });
    expect(connections.filter(({ requests }) => requests === 0)).toEqual([]);
    await server.close();
  });

  test('nor of a sender of signals that closed', async () => {
    await serve();
    const signals = [httpSignal({ url: `${url()}/signal`, secret, timeout: 30_000 })];
    const sender = await startApp(database.options, { options: { run: false, signals } });
    await sender.publish('a');
    await server.reached(1);
    const [its, ...others] = connections;
    expect(others).toEqual([]);
    await sender.close();
    // It does so at once, and not when nothing has come for a while.
    for (let round = 0; round < 50 && !its!.endedBy; round++) (await ask('eventx/state')).resume();
    expect(its).toEqual({ requests: 1, endedBy: 'client' });
  });

  test('hangs up on readers that go on, when it shuts down', async () => {
    await serve();
    const reader = await startRemote({ url: url() });
    later(() => reader.close());
    const waiting = reader.eventx.subscriber({ from: 1 }).fetch();
    waiting.catch(() => undefined);
    await until(() => connections.some(({ requests }) => requests > 0), { what: 'the reader' });
    await server.close();
    await endings();
  });

  test.each([
    ['eventx/state', 'GET', 503],
    ['eventx/events?from=1', 'GET', 503],
    ['eventx/stream', 'GET', 503],
    ['eventx/signal', 'POST', 204],
  ])('hangs up behind its answer to a request of %s that came late', async (path, method, code) => {
    const gate = new Gate();
    await serve({ canActivate: () => gate.pass().then(() => true) });
    const asking = ask(path, method);
    await gate.arrived();
    const closing = server.close();
    await until(() => !server.runner.status.running, { what: 'the runner to stop' });
    gate.open();
    const response = await asking;
    expect([response.statusCode, response.headers.connection]).toEqual([code, 'close']);
    response.resume();
    await closing;
    expect(await endings()).toEqual(['server']);
  });

  test('and behind one that it was about to give', async () => {
    await serve();
    await server.publish('a');
    await server.reached(1);
    const gate = new Gate();
    const peek = server.runner.read.bind(server.runner);
    jest.spyOn(server.runner, 'read').mockImplementation(async (from, limits) => {
      await gate.pass();
      return peek(from, limits);
    });
    const asking = ask('eventx/events?from=1');
    await gate.arrived();
    const closing = server.close();
    await until(() => !server.runner.status.running, { what: 'the runner to stop' });
    gate.open();
    const response = await asking;
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
    response.resume();
    await closing;
  });

  test('and behind one that the application holds back', async () => {
    const gate = new Gate();
    await serve(undefined, {
      intercept: (_context, next) =>
        next.handle().pipe(concatMap((answer) => gate.pass().then(() => answer as unknown))),
    });
    const asking = ask('eventx/events?from=1');
    await gate.arrived();
    const closing = server.close();
    await until(() => !server.runner.status.running, { what: 'the runner to stop' });
    gate.open();
    const response = await asking;
    response.resume();
    expect(await endings()).toEqual(['server']);
    await closing;
  });
});
