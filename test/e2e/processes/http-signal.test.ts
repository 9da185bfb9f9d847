import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, jest, test } from '@jest/globals';
import { eventxSignalController, httpSignal } from 'nestjs-eventx';

import { startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase } from '../../support/data-sources.js';
import { httpAdapter } from '../../support/processes/http-app.js';
import { startLogServer } from '../../support/processes/log-server.js';
import { ReadCounter } from '../../support/queries.js';
import { take } from '../../support/reading.js';
import { range, seqsOf } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const secret = 'a secret of the two services';
const later = cleanUpAfterEach();

async function database() {
  const { options, remove } = await emptyDatabase('mariadb');
  later(remove);
  return options;
}

/** The event service: it sequences, and learns of new events by HTTP alone. */
async function eventService(connection: Awaited<ReturnType<typeof database>>) {
  const log = await startLogServer(connection, {
    controllers: [eventxSignalController({ secret })],
  });
  later(() => log.close());
  return { log, url: `${log.url}/eventx/signal` };
}

/** The core service: it only publishes, and signals. */
async function coreService(
  connection: Awaited<ReturnType<typeof database>>,
  url: string,
  timeout = 5000,
) {
  const app = await startApp(connection, {
    options: { run: false, signals: [httpSignal({ url, secret, timeout })] },
  });
  later(() => app.close());
  return app;
}

/** A receiver that is not what it should be. @returns its URL */
async function listen(onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest).listen(0, '127.0.0.1');
  await until(() => server.listening, { what: 'the receiver to listen' });
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/eventx/signal`;
}

describe('signals by HTTP', () => {
  test('what a core service publishes reaches the event service without a poll', async () => {
    const connection = await database();
    const { log, url } = await eventService(connection);
    const core = await coreService(connection, url);
    const reading = take(log.eventx.subscriber({ from: 1 }), 20);
    for (let round = 0; round < 20; round++) {
      await core.publish('a');
      await log.reached(round + 1);
    }
    expect(seqsOf(await reading)).toEqual(range(1, 20));
  });

  test('a burst of commits is signalled to its end', async () => {
    const connection = await database();
    const { log, url } = await eventService(connection);
    const core = await coreService(connection, url);
    await Promise.all(Array.from({ length: 200 }, () => core.publish('a')));
    await log.reached(200);
  });

  test.each([
    ['no secret', {}],
    ['a wrong secret', { 'x-eventx-secret': 'a secret of somebody else' }],
    ['the beginning of the secret', { 'x-eventx-secret': secret.slice(0, -1) }],
    ['an empty secret', { 'x-eventx-secret': '' }],
  ])(
    'with %s the answer is 403, and nobody looks',
    async (_what, headers: Record<string, string>) => {
      const { log, url } = await eventService(await database());
      const signal = jest.spyOn(log.runner, 'signal');
      for (let times = 0; times < 20; times++) {
        const response = await fetch(url, { method: 'POST', headers });
        expect(response.status).toBe(403);
        await response.text();
      }
      expect(signal).not.toHaveBeenCalled();
    },
  );

  test.each([
    ['none', {}],
    ['JSON', { body: '{"seq":7}', headers: { 'content-type': 'application/json' } }],
    ['binary', { body: Buffer.alloc(50_000, 7), headers: { 'content-type': 'image/png' } }],
  ])('a body is ignored: %s', async (what, { body, headers }: RequestInit) => {
    const { log, url } = await eventService(await database());
    await log.dataSource.query(
      "INSERT INTO eventx_events (type, uuid, data) VALUES ('raw', '', '{}')",
    );
    const response = await fetch(url, {
      method: 'POST',
      body: body ?? null,
      headers: { ...(headers as Record<string, string>), 'x-eventx-secret': secret },
    });
    // Fastify itself refuses what it has no parser for; then nobody has been signalled.
    const isRefused = what === 'binary' && httpAdapter() === 'fastify';
    expect(response.status).toBe(isRefused ? 415 : 204);
    if (!isRefused) await log.reached(1);
  });

  test('a flood costs the database no more than a look every few milliseconds', async () => {
    const { log, url } = await eventService(await database());
    await log.reached(0);
    const queries = new ReadCounter(log.dataSource, /WHERE `seq` IS NULL/);
    const begin = performance.now();
    let requests = 0;
    const flood = async () => {
      for (let times = 0; times < 100; times++) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'x-eventx-secret': secret },
        });
        await response.arrayBuffer();
        requests++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, flood));
    const looks = queries.reads;
    expect(requests).toBe(800);
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual((performance.now() - begin) / 5 + 2);
    await log.publish('a');
    await log.reached(1);
  });
});

describe('a receiver that does not do its part never delays or fails a publish', () => {
  test('it is down; when it comes up, signals go on', async () => {
    const connection = await database();
    const first = await eventService(connection);
    const { port } = new URL(first.url);
    await first.log.close();
    const core = await coreService(connection, first.url);
    for (let times = 0; times < 30; times++) await core.publish('a');

    const log = await startLogServer(connection, {
      controllers: [eventxSignalController({ secret })],
      port: Number(port),
    });
    later(() => log.close());
    await log.reached(30);
    await until(
      async () => {
        await core.publish('again');
        return (log.runner.status.lastSeq ?? 0) > 30;
      },
      { what: 'a signal to get through', timeoutMs: 45_000 },
    );
  });

  test('it takes the request and never answers', async () => {
    let requests = 0;
    const url = await listen(() => void requests++);
    const connection = await database();
    const core = await coreService(connection, url, 60_000);
    for (let times = 0; times < 50; times++) await core.publish('a');
    // The first is still waiting for its answer, and one stands for all the others.
    expect(requests).toBe(1);

    const other = await coreService(connection, url, 50);
    await other.publish('a');
    await other.publish('b');
    await until(() => requests >= 3, { what: 'another try' });
  });

  test('it answers with an error, or a redirect, whose target never gets the secret', async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = await listen(({ headers }, response) => {
      seen.push(headers['x-eventx-secret'] as string | undefined);
      response.end();
    });
    let redirects = 0;
    const url = await listen((_request, response) => {
      redirects++;
      response.writeHead(307, { location: elsewhere }).end();
    });
    const core = await coreService(await database(), url);
    await core.publish('a');
    await until(() => redirects > 0, { what: 'the signal' });
    await core.publish('b');
    await core.close();
    expect(seen).toEqual([]);
  });
});

test.each([
  [{ url: 'events:3000/eventx/signal', secret }, /"url" must be an http or https URL/],
  [{ url: 'http://user:pw@events/eventx/signal', secret }, /must not hold a user or a password/],
  [{ url: 'http://events', secret: 'short' }, /at least 16 printable ASCII characters/],
  [{ url: 'http://events', secret: 'sixteen characters ' }, /without spaces around it/],
  [{ url: 'http://events', secret, retries: 3 }, /unknown option "retries"/],
  [{ url: 'http://events', secret, timeout: 0 }, /"timeout" must be a whole number of at least 1/],
])('httpSignal refuses %j', (options, message) => {
  expect(() => httpSignal(options)).toThrow(message);
});
