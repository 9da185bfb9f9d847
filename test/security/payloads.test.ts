import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type EventInput, EventxPublishError } from 'nestjs-eventx';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take, typesAfter } from '../support/reading.js';

const MiB = 1024 * 1024;

function nested(levels: number): unknown {
  let value: unknown = 'innermost';
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const throwing = {
  get password(): string {
    throw new Error('hunter2');
  },
};

/** What cannot be stored, by why; made when it is needed, as some of it is large. */
const REFUSED: readonly [string, () => EventInput, RegExp][] = [
  [
    '64 MB of text',
    () => ({ type: 't', data: 'x'.repeat(64 * MiB) }),
    /limit is 1048576 .*maxPayloadBytes/,
  ],
  [
    '64 MB of bytes',
    () => ({ type: 't', data: new Uint8Array(64 * MiB) }),
    /take 671\d+ bytes, the limit is 1048576 .*maxPayloadBytes/,
  ],
  [
    '64 MB of headers',
    () => ({ type: 't', headers: { h: 'x'.repeat(64 * MiB) } }),
    /limit is 1048576 .*maxPayloadBytes/,
  ],
  [
    'a million headers',
    () => ({
      type: 't',
      headers: Object.fromEntries(Array.from({ length: MiB }, (_, n) => [`h${n}`, ''])),
    }),
    /limit is 1048576/,
  ],
  ['100,000 levels', () => ({ type: 't', data: nested(100_000) }), /thousands of levels/],
  ['a cycle', () => ({ type: 't', data: cyclic }), /circular reference/],
  ['a BigInt', () => ({ type: 't', data: [{ amount: 1n }] }), /BigInt/],
  ['a getter that throws', () => ({ type: 't', data: throwing }), /cannot be written as JSON/],
  [
    'nested headers',
    () => ({ type: 't', headers: { a: { b: 'c' } } as never }),
    /"a" must be a string/,
  ],
  [
    'headers that are a Map',
    () => ({ type: 't', headers: new Map([['a', 'b']]) as never }),
    /fromEntries/,
  ],
  ['Headers', () => ({ type: 't', headers: new Headers({ a: 'b' }) as never }), /fromEntries/],
  ['headers that are a list', () => ({ type: 't', headers: ['a'] as never }), /object of strings/],
  ['headers that are a text', () => ({ type: 't', headers: 'a' as never }), /object of strings/],
  [
    'half a character in a header name that is wrong',
    () => ({ type: 't', headers: { ['\ud83c'.repeat(300_000)]: 5 } as never }),
    /^.{0,2000} must be a string, not number\.$/,
  ],
];

describe.each(DATABASES)('payloads that are hostile, or a mistake, on %s', (database) => {
  let log: TestApp;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database);
    await log.dataSource.query('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
  });

  test.each(REFUSED)(
    '%s is refused before anything is written, and the transaction stays usable',
    async (_, make, message) => {
      const event = make();
      await log.dataSource.query('DELETE FROM orders');
      await log.dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO orders VALUES (1)');
        const publishing = log.eventx.publish(manager, [{ type: 'beside' }, event]);
        const error: unknown = await publishing.catch((error: unknown) => error);
        expect(error).toBeInstanceOf(EventxPublishError);
        expect((error as Error).message).toMatch(message);
        expect((error as Error).message).not.toMatch(/hunter2|innermost|xxxx/);
        await log.eventx.publish(manager, { type: 'after' });
      });
      expect(await typesAfter(log, before)).toEqual(['after']);
      expect(await log.dataSource.query('SELECT * FROM orders')).toHaveLength(1);
    },
  );

  test('a list with a hole is refused', async () => {
    // eslint-disable-next-line no-sparse-arrays
    const events = [{ type: 'a' }, , { type: 'c' }] as EventInput[];
    await expect(
      log.dataSource.transaction((manager) => log.eventx.publish(manager, events)),
    ).rejects.toThrow(EventxPublishError);
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('what JSON leaves out is left out, and a getter is asked once', async () => {
    let asked = 0;
    const event = {
      type: 't',
      get data() {
        return asked++ === 0 ? { no: undefined, list: [null] } : Buffer.of(1);
      },
    };
    await log.dataSource.transaction((manager) => log.eventx.publish(manager, event));
    const [stored] = await take(log.eventx.subscriber({ from: before + 1 }), 1);
    expect(stored).toMatchObject({ data: { list: [null] }, headers: {} });
    expect(Object.keys(stored!.data as object)).toEqual(['list']);
    expect(asked).toBe(1);
  });

  test('bytes are known as bytes also where a header of that name is inherited', async () => {
    const headers = Object.create({ 'content-type': 'application/json' }) as Record<string, string>;
    await log.dataSource.transaction((manager) =>
      log.eventx.publish(manager, { type: 't', data: Uint8Array.of(255), headers }),
    );
    const [stored] = await take(log.eventx.subscriber({ from: before + 1 }), 1);
    expect([...(stored!.data as Uint8Array)]).toEqual([255]);
  });

  test('keys called __proto__ or constructor pollute nothing, on neither side', async () => {
    const text = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
    const headers = JSON.parse('{"__proto__":"admin","constructor":"x"}') as Record<string, string>;
    await log.dataSource.transaction((manager) =>
      log.eventx.publish(manager, { type: 't', data: JSON.parse(text), headers }),
    );
    const [stored] = await take(log.eventx.subscriber({ from: before + 1 }), 1);
    expect(JSON.stringify(stored!.data)).toBe(text);
    expect(Object.entries(stored!.headers)).toEqual(Object.entries(headers));
    expect(JSON.stringify(stored)).toContain(text);
    for (const value of [{}, stored!.data, stored!.headers, () => 1]) {
      expect((value as { admin?: unknown }).admin).toBeUndefined();
    }
  });

  test('150,000 events in one transaction, through a savepoint, are as good as one', async () => {
    const events = Array.from({ length: 150_000 }, () => ({ type: 't' }));
    await log.dataSource.transaction((outer) =>
      outer.transaction((inner) => log.eventx.publish(inner, events)),
    );
    await log.reached(before + events.length);
    expect(log.runner.status.failures).toBe(0);
  });
});

describe('payloads that are larger than what the server takes in a packet', () => {
  test('fail the commit clearly, write nothing, and do the next transaction no harm', async () => {
    const log = await startAppOn('mariadb', { options: { maxPayloadBytes: 15 * MiB } });
    try {
      await log.dataSource.query('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
      const data = new Uint8Array(14 * MiB);
      const work = log.dataSource.transaction(async (manager) => {
        await manager.query('INSERT INTO orders VALUES (1)');
        await log.eventx.publish(manager, { type: 'large', data });
      });
      // The server says why and hangs up, and may be heard or not.
      await expect(work).rejects.toThrow(/max_allowed_packet|ECONNRESET|EPIPE/);
      expect(await log.dataSource.query('SELECT * FROM orders')).toEqual([]);
      expect(await typesAfter(log, 0)).toEqual([]);
    } finally {
      await log.close();
    }
  });
});

describe.each(DATABASES)('payloads of exactly the limit on %s', (database) => {
  test.each([MiB, 6 * MiB])('of %d bytes arrive, and one byte more is refused', async (limit) => {
    const log = await startAppOn(database, { options: { maxPayloadBytes: limit, windowSize: 1 } });
    try {
      const publish = (length: number) =>
        log.dataSource.transaction((manager) =>
          log.eventx.publish(manager, { type: 't', data: 'x'.repeat(length - 2) }),
        );
      await publish(limit);
      await expect(publish(limit + 1)).rejects.toThrow(`limit is ${limit}`);
      await publish(limit);
      for (const event of await take(log.eventx.subscriber({ from: 1 }), 2)) {
        expect(event.bytes.byteLength).toBe(limit);
        expect((event.data as string).length).toBe(limit - 2);
      }
    } finally {
      await log.close();
    }
  });
});
