import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventxStreamController } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { type SentEvent, SseClient } from '../../support/processes/sse-client.js';
import { ReadCounter } from '../../support/queries.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
  server = await startLogServer(database.options, {
    controllers: [eventxStreamController({ maxBatch: 10 })],
    options: { windowSize: 10, initialWindow: 10, batchBytes: 100_000 },
    patient: true,
  });
});
afterEach(async () => {
  await server.close();
  await database.remove();
});

async function open(query: string, headers?: Record<string, string>): Promise<SseClient> {
  const client = await SseClient.open(`${server.url}/eventx/stream${query}`, headers);
  later(() => client.close());
  return client;
}

const ids = (events: readonly SentEvent[]) => events.map(({ id }) => Number(id));

describe('server-sent events', () => {
  test('carry what is in the log, then what comes', async () => {
    await server.publish(...range(1, 30).map((n) => `n${n}`));
    await server.reached(30);
    const client = await open('?from=1');
    const events = await client.take(30);
    expect(ids(events)).toEqual(range(1, 30));
    expect(JSON.parse(events[6]!.data)).toMatchObject({ seq: 7, type: 'n7', data: null });
    const waiting = client.take(1);
    await server.publish('new');
    expect(ids(await waiting)).toEqual([31]);
  });

  test('begin with what comes from now on, unless told otherwise', async () => {
    await server.publish('old');
    await server.reached(1);
    const [latest, earliest] = [await open(''), await open('?from=earliest')];
    const waiting = latest.take(1);
    // It has looked up where it begins.
    await until(() => server.runner.status.waiting > 0, { what: 'the stream to wait' });
    await server.publish('new');
    expect(ids(await waiting)).toEqual([2]);
    expect(ids(await earliest.take(2))).toEqual([1, 2]);
  });

  test('go on behind Last-Event-ID, whatever the address says', async () => {
    await server.publish(...range(1, 20).map(String));
    await server.reached(20);
    for (const last of [1, 7, 19]) {
      const client = await open('?from=1', { 'last-event-id': String(last) });
      expect(ids(await client.take(20 - last))).toEqual(range(last + 1, 20));
    }
  });

  test('say it as an event when the position is gone, and end', async () => {
    await server.publish(...range(1, 30).map(String));
    await server.reached(30);
    // Pushes the first ones out of the window.
    await server.publish(...range(31, 40).map(String));
    await server.reached(40);
    await server.dataSource.query('DELETE FROM eventx_events WHERE seq <= 15');
    const client = await open('?from=3');
    const events = await client.take(100);
    expect(events.map(({ event }) => event)).toEqual(['eventx-error']);
    expect(JSON.parse(events[0]!.data)).toMatchObject({ code: 'EVENTX_EVENT_NOT_FOUND' });
  });

  test('a reader that does not read is waited for, not buffered for', async () => {
    const data = 'x'.repeat(50_000);
    const count = 400;
    for (let times = 0; times < count / 20; times++) {
      await server.dataSource.transaction((manager) =>
        server.eventx.publish(
          manager,
          range(1, 20).map(() => ({ type: 'large', data })),
        ),
      );
    }
    await server.reached(count);
    const reads = new ReadCounter(server.dataSource, /`seq` >= \?/);
    const client = await open('?from=1');
    await until(() => reads.rows > 0, { what: 'the stream to begin' });
    // It stands still although there is much more: nothing is read for whoever does not read.
    let rows = -1;
    await until(() => rows === (rows = reads.rows), { what: 'the stream to stand still' });
    const other = await open('?from=390');
    expect(ids(await other.take(11))).toEqual(range(390, 400));
    expect(reads.rows).toBeLessThan(count / 2);
    expect(ids(await client.take(count))).toEqual(range(1, count));
  });

  test('end when the application shuts down, which they do not hold up', async () => {
    const clients = await Promise.all(range(1, 3).map(() => open('?from=1')));
    const streams = clients.map((client) => client.take(1000));
    await server.publish('a');
    await server.reached(1);
    await server.close();
    for (const stream of streams) expect(ids(await stream)).toEqual([1]);
  });
});
