import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CustomOffsets, EventxConsumers, EventxModule, EventxService } from 'nestjs-eventx';
import { eventxStreamController, OnEventx, remoteStorage } from 'nestjs-eventx';
import { Injectable } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { startNest, typeOrm } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import { type LogServer, startLogServer } from '../../support/processes/log-server.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const later = cleanUpAfterEach();

let publishing: TestDatabaseOptions;
let consuming: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  publishing = await emptyDatabase('mariadb');
  consuming = await emptyDatabase('sqlite');
  server = await startLogServer(publishing.options, { controllers: [eventxStreamController()] });
});
afterEach(async () => {
  await server.close();
  await publishing.remove();
  await consuming.remove();
});

/** Another service, with a database of its own, which consumes the log of the first. */
async function startConsuming() {
  const app = await startNest([
    typeOrm(consuming.options),
    EventxModule.forRoot({
      storage: remoteStorage({ url: `${server.url}/eventx` }),
      pollInterval: 20,
      errorBackoff: { initial: 2, max: 20 },
    }),
  ]);
  const dataSource = app.get<DataSource>(getDataSourceToken());
  await dataSource.query('CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, seq INTEGER)');
  await dataSource.query('CREATE TABLE IF NOT EXISTS bills (seq INTEGER PRIMARY KEY)');
  return { app, dataSource, eventx: app.get<EventxService>(EventxService) };
}

function offsetsIn(dataSource: DataSource): CustomOffsets {
  return {
    load: async () => {
      const [row] = await dataSource.query<{ seq: number }[]>(
        "SELECT seq FROM place WHERE name = 'bills'",
      );
      return row?.seq ?? null;
    },
    save: async (seq) => {
      await dataSource.query("INSERT OR REPLACE INTO place (name, seq) VALUES ('bills', ?)", [seq]);
    },
  };
}

async function billed(dataSource: DataSource): Promise<number[]> {
  const rows = await dataSource.query<{ seq: number }[]>('SELECT seq FROM bills ORDER BY seq');
  return rows.map(({ seq }) => seq);
}

describe('a durable consumer of a log in another database', () => {
  test('keeps its place in its own, and goes on there after a restart', async () => {
    for (let round = 0; round < 3; round++) {
      const { app, dataSource, eventx } = await startConsuming();
      const seen: number[] = [];
      eventx.consumer({
        name: 'bills',
        startFrom: 'earliest',
        offsets: offsetsIn(dataSource),
        handle: async ({ seq }) => {
          seen.push(seq);
          await dataSource.query('INSERT INTO bills (seq) VALUES (?)', [seq]);
        },
      });
      await server.publish('a', 'b', 'c');
      const end = (round + 1) * 3;
      await until(() => seen.at(-1) === end, { what: `event ${end}`, timeoutMs: 45_000 });
      expect(seen).toEqual(range(end - 2, end));
      await app.close();
    }
    const { app, dataSource } = await startConsuming();
    expect(await billed(dataSource)).toEqual(range(1, 9));
    await app.close();
  });

  test('is shown among the consumers of its process', async () => {
    const { app, dataSource, eventx } = await startConsuming();
    later(() => app.close());
    eventx.consumer({
      name: 'bills',
      startFrom: 'earliest',
      offsets: offsetsIn(dataSource),
      handle: () => undefined,
    });
    await server.publish('a', 'b');
    const consumers = app.get(EventxConsumers);
    await until(async () => (await consumers.get('bills')).offset === 2, { what: 'both events' });
    expect(await consumers.list()).toEqual([
      expect.objectContaining({ name: 'bills', state: 'running', offset: 2 }),
    ]);
  });

  test('waits while the log cannot be reached, and loses nothing', async () => {
    const { app, dataSource, eventx } = await startConsuming();
    later(() => app.close());
    const seen: number[] = [];
    eventx.consumer({
      name: 'bills',
      startFrom: 'earliest',
      offsets: offsetsIn(dataSource),
      handle: ({ seq }) => void seen.push(seq),
    });
    await server.publish('a');
    await until(() => seen.length === 1, { what: 'the first event' });
    const { port } = new URL(server.url);
    await server.close();
    server = await startLogServer(publishing.options, {
      controllers: [eventxStreamController()],
      port: Number(port),
    });
    await server.publish('b', 'c');
    await until(() => seen.length >= 3, { what: 'the others', timeoutMs: 45_000 });
    expect(seen).toEqual([1, 2, 3]);
  });

  test('cannot keep its place in a database that the log does not have', async () => {
    const { app, eventx } = await startConsuming();
    later(() => app.close());
    const declare = () => eventx.consumer({ name: 'bills', handle: () => undefined });
    expect(declare).toThrow(/this log has a storage of its own. Give the consumer "offsets"/);
  });
});

test('a decorated broadcast handler works on a remote log', async () => {
  const seen: number[] = [];

  @Injectable()
  class Caches {
    @OnEventx('*', { broadcast: true, startFrom: 'earliest' })
    drop({ seq }: { seq: number }): void {
      seen.push(seq);
    }
  }

  const app = await startNest([
    EventxModule.forRoot({ storage: remoteStorage({ url: `${server.url}/eventx` }) }),
    { module: class CachesModule {}, providers: [Caches] },
  ]);
  later(() => app.close());
  await server.publish('a', 'b');
  await until(() => seen.length >= 2, { what: 'both events' });
  expect(seen).toEqual([1, 2]);
});
