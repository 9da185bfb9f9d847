import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventxStreamController } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { corrupt, CORRUPTIONS, SECRET } from '../support/corrupt.js';
import { emptyDatabase, type TestDatabaseOptions } from '../support/data-sources.js';
import { type LogServer, startLogServer } from '../support/processes/log-server.js';
import { startRemote } from '../support/processes/remote.js';
import { SseClient } from '../support/processes/sse-client.js';
import { take } from '../support/reading.js';
import { seqsOf } from '../support/stored-events.js';

const later = cleanUpAfterEach();

let database: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
  server = await startLogServer(database.options, {
    controllers: [eventxStreamController()],
    options: { windowSize: 1, initialWindow: 1 },
  });
  await server.publish('a', 'b', 'c');
  await server.reached(3);
  // Pushes them out of memory.
  await server.publish('d');
  await server.reached(4);
});
afterEach(async () => {
  await server.close();
  await database.remove();
});

async function open(query: string, headers: Record<string, string> = {}): Promise<SseClient> {
  const client = await SseClient.open(`${server.url}/eventx/stream${query}`, headers);
  later(() => client.close());
  return client;
}

describe('a corrupt row in the middle of a log that is served', () => {
  test.each(Object.keys(CORRUPTIONS))(
    'with %s comes by server-sent events as what it is, and the stream goes on',
    async (kind) => {
      await corrupt(server.dataSource, 2, kind);
      const events = await (await open('?from=1')).take(4);
      expect(events.map(({ id, event }) => [id, event])).toEqual([
        ['1', undefined],
        ['2', 'eventx-undecodable'],
        ['3', undefined],
        ['4', undefined],
      ]);
      const problem = JSON.parse(events[1]!.data) as { message: string };
      expect(problem).toMatchObject({ seq: 2, type: 'b', key: null, code: 'EVENTX_EVENT_DECODE' });
      expect(problem.message).toMatch(/^Event 2 \(id 2, type "b"\): its (data|headers) cannot be/);
      expect(events[1]!.data).not.toMatch(SECRET);

      const resumed = await open('?from=1', { 'last-event-id': '2' });
      expect((await resumed.take(2)).map(({ id }) => id)).toEqual(['3', '4']);
    },
  );

  test('is passed on as it is to other services, whose subscribers go on', async () => {
    await corrupt(server.dataSource, 2, 'data that is no JSON');
    await corrupt(server.dataSource, 3, 'headers that are zero bytes');
    const log = await startRemote({ url: `${server.url}/eventx` });
    later(() => log.close());
    const events = await take(log.eventx.subscriber({ from: 1 }), 4);
    expect(seqsOf(events)).toEqual([1, 2, 3, 4]);
    expect(() => events[1]!.data).toThrow(/its data cannot be decoded/);
    expect(() => events[2]!.headers).toThrow(/its headers cannot be decoded/);
  });

  test('that is nested deeper than JSON can be written is one, too', async () => {
    const data = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    await server.dataSource.query('UPDATE eventx_events SET data = ? WHERE seq = 2', [data]);
    const events = await (await open('?from=1')).take(4);
    expect(events.map(({ event }) => event)[1]).toBe('eventx-undecodable');
    expect(JSON.parse(events[1]!.data)).toMatchObject({
      code: 'EVENTX_EVENT_DECODE',
      message: expect.stringMatching(/^Event 2 cannot be written as JSON/) as unknown,
    });
  });
});
