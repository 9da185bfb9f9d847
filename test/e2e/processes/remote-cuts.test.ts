import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventxStreamController } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { CuttingProxy } from '../../support/processes/cutting-proxy.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { startRemote } from '../../support/processes/remote.js';
import { SseClient } from '../../support/processes/sse-client.js';
import { SeededRandom } from '../../support/seeded-random.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const EVENTS = 400;
const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
  server = await startLogServer(database.options, {
    controllers: [eventxStreamController({ maxBatch: 20 })],
  });
});
afterEach(async () => {
  await server.close();
  await database.remove();
});

/** Writes for as long as the readers read, so that all that happens happens at the head of the log, too. */
async function write(): Promise<void> {
  for (let sent = 0; sent < EVENTS; sent += 5) await server.publish('a', 'b', 'c', 'd', 'e');
  await server.reached(EVENTS);
}

async function cutting(seed: number, longest = 6000): Promise<CuttingProxy> {
  const random = new SeededRandom(seed);
  const proxy = await CuttingProxy.to(server.url, () => random.between(1, longest));
  later(() => proxy.close());
  return proxy;
}

test.each([1, 2, 3])(
  'a remote log whose connections are cut anywhere, time and again, neither skips nor repeats (seed %d)',
  async (seed) => {
    const proxy = await cutting(seed);
    const log = await startRemote(
      { url: new URL('eventx', proxy.url).href },
      { windowSize: 30, initialWindow: 10, pollInterval: 5 },
    );
    later(() => log.close());
    const seen: { seq: number; uuid: string }[] = [];
    const subscriber = log.eventx.subscriber({ from: 1, fetchLimit: 7 });
    const writing = write();
    while (seen.length < EVENTS) {
      // What fails here is the connection, and the subscriber stays where it is.
      const batch = await subscriber.fetch().catch(() => []);
      seen.push(...batch.map(({ seq, uuid }) => ({ seq, uuid })));
    }
    await writing;
    expect(seen.map(({ seq }) => seq)).toEqual(range(1, EVENTS));
    const rows = await server.dataSource.query<{ uuid: string }[]>(
      'SELECT uuid FROM eventx_events ORDER BY seq',
    );
    expect(seen.map(({ uuid }) => uuid)).toEqual(rows.map(({ uuid }) => uuid));
    expect(proxy.cuts).toBeGreaterThan(10);
  },
  120_000,
);

test('server-sent events that are cut anywhere go on behind the last id', async () => {
  const proxy = await cutting(4);
  const seen: number[] = [];
  const writing = write();
  while (seen.length < EVENTS) {
    const headers: Record<string, string> =
      seen.length > 0 ? { 'last-event-id': String(seen.at(-1)) } : {};
    const url = new URL('eventx/stream?from=1', proxy.url).href;
    const client = await SseClient.open(url, headers).catch(() => undefined);
    const events = (await client?.take(EVENTS - seen.length)) ?? [];
    seen.push(...events.map(({ id }) => Number(id)));
    client?.close();
  }
  await writing;
  expect(seen).toEqual(range(1, EVENTS));
  expect(proxy.cuts).toBeGreaterThan(10);
}, 120_000);

test('a consumer on a log that is cut off again and again handles every event once', async () => {
  const proxy = await cutting(5, 20_000);
  const log = await startRemote({ url: new URL('eventx', proxy.url).href }, { pollInterval: 5 });
  later(() => log.close());
  const handled: number[] = [];
  log.eventx.consumer({
    name: 'c',
    startFrom: 'earliest',
    broadcast: true,
    handle: ({ seq }) => void handled.push(seq),
  });
  await write();
  await until(() => handled.length >= EVENTS, { what: 'all to be handled', timeoutMs: 50_000 });
  expect(handled).toEqual(range(1, EVENTS));
}, 120_000);
