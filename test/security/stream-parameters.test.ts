import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventxStreamController } from 'nestjs-eventx';

import { emptyDatabase, type TestDatabaseOptions } from '../support/data-sources.js';
import { HOSTILE_TEXTS } from '../support/hostile.js';
import { type LogServer, startLogServer } from '../support/processes/log-server.js';
import { SseClient } from '../support/processes/sse-client.js';

let database: TestDatabaseOptions;
let server: LogServer;
beforeEach(async () => {
  database = await emptyDatabase('mariadb');
  server = await startLogServer(database.options, { controllers: [eventxStreamController()] });
});
afterEach(async () => {
  await server.close();
  await database.remove();
});

const NUMBERS = ['-1', '1.5', '1e3', '0x10', '１', '٣', 'NaN', 'Infinity', '9'.repeat(400)];
/** The number behind it is none that JavaScript can count with. */
const LAST = String(Number.MAX_SAFE_INTEGER);

async function status(query: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${server.url}/eventx/${query}`, { headers });
  await answer.body?.cancel();
  return answer.status;
}

describe('the stream controller', () => {
  test('answers every parameter that is no whole number with 400, and goes on', async () => {
    for (const text of [...HOSTILE_TEXTS, ...NUMBERS, LAST]) {
      const value = encodeURIComponent(text);
      for (const query of [
        `events?from=${value}`,
        `events?from=1&limit=${value}`,
        `state?after=${value}`,
        `state?after=1&wait=${value}`,
        `stream?from=${value}`,
        `events?from[]=${value}&from[]=1`,
        `events?from[__proto__]=${value}`,
      ]) {
        expect([query, await status(query)]).toEqual([query, 400]);
      }
    }
    await server.publish('a');
    await server.reached(1);
    expect(await status('events?from=1&__proto__[limit]=x&constructor=y')).toBe(200);
  });

  test('answers a Last-Event-ID that is none with 400, and ignores an empty one', async () => {
    const ids = [
      '-1',
      '1.5',
      '1e3',
      'NaN',
      '1, 2',
      '9'.repeat(400),
      LAST,
      '__proto__',
      '"1"',
      '%00',
    ];
    for (const id of ids) {
      const answer = await status('stream?from=1', { 'last-event-id': id });
      expect([id, answer]).toEqual([id, 400]);
    }
    await server.publish('a');
    const client = await SseClient.open(`${server.url}/eventx/stream?from=1`, {
      'last-event-id': '',
    });
    expect(await client.take(1)).toMatchObject([{ id: '1' }]);
    client.close();
  });
});
