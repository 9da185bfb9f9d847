import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventInput } from 'nestjs-eventx';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take } from '../support/reading.js';

describe.each(DATABASES)('an event arrives as it was published on %s', (database) => {
  let log: TestApp;
  beforeAll(async () => {
    // A window of one: each event is read once out of memory and once out of the table.
    log = await startAppOn(database, { options: { windowSize: 1 } });
  });
  afterAll(() => log.close());

  /** Publishes, and reads it out of memory and, when it has left the window, out of the table. */
  async function roundTrip(input: EventInput) {
    const from = log.runner.status.lastSeq! + 1;
    await log.dataSource.transaction((manager) => log.eventx.publish(manager, input));
    const [fromMemory] = await take(log.eventx.subscriber({ from }), 1);
    await log.publish('pushes it out');
    await log.reached(from + 1);
    const [fromTable] = await take(log.eventx.subscriber({ from, fetchLimit: 1 }), 1);
    expect(fromTable).not.toBe(fromMemory);
    expect(JSON.stringify(fromTable)).toBe(JSON.stringify(fromMemory));
    return [fromMemory!, fromTable!];
  }

  test.each<[string, unknown]>([
    ['an object', { a: [1, 2.5, null, true], deep: { b: 'c' } }],
    ['4-byte characters, controls and quotes', '🎁𝒳 \u0000\u001f "\'`\\ %s ? :name $1'],
    ['half a surrogate pair', '\ud83c'],
    ['a __proto__ key', JSON.parse('{"__proto__": {"admin": true}}')],
    ['an empty string', ''],
    ['false', false],
    ['null', null],
    ['large numbers', [1e308, -0.1, Number.MAX_SAFE_INTEGER]],
    ['a long text', 'ä'.repeat(300_000)],
  ])('with %s as data', async (_, data) => {
    for (const event of await roundTrip({ type: 't', data })) expect(event.data).toEqual(data);
  });

  test('without data', async () => {
    for (const event of await roundTrip({ type: 't' })) expect(event.data).toBeNull();
  });

  test('with bytes', async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    for (const event of await roundTrip({ type: 't', data: bytes })) {
      expect(Buffer.compare(event.data as Uint8Array, bytes)).toBe(0);
      expect(event.headers).toEqual({ 'content-type': 'application/octet-stream' });
    }
  });

  test('with no bytes at all', async () => {
    for (const event of await roundTrip({ type: 't', data: new Uint8Array() })) {
      expect(event.bytes.byteLength).toBe(0);
    }
  });

  test('with names and headers of any characters, as long as they may be', async () => {
    const type = '🎁'.repeat(95) + 'x';
    const key = ' Ünïcödé `"\'\\% ';
    const headers = { trace: 'ä🎁"\'\\', '': 'empty', 'x-Ü': '' };
    for (const event of await roundTrip({ type, key, headers })) {
      expect(event).toMatchObject({ type, key, headers });
    }
  });

  test('case, accents and spaces at the end tell names apart', async () => {
    for (const key of ['a', 'A', 'ä', 'a ', '']) {
      for (const event of await roundTrip({ type: 't', key })) expect(event.key).toBe(key);
    }
  });
});
