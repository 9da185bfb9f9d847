import { describe, expect, jest, test } from '@jest/globals';
import { EventDecodeError } from 'nestjs-eventx';

import { encodeEvent } from '../../lib/event/envelope.js';
import { EventxEvent, type StoredEvent } from '../../lib/event/eventx-event.js';

const STORED: StoredEvent = {
  id: 7,
  uuid: '0190163d-8694-739b-aea5-966c26f8ad90',
  type: 'order.placed',
  key: 'o-1',
  headers: null,
  data: Buffer.from('{"items":[{"sku":"a"}]}'),
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
};

function eventOf<T = unknown>(stored: Partial<StoredEvent> = {}): EventxEvent<T> {
  return new EventxEvent<T>(42, { ...STORED, ...stored });
}

/** As publish writes it and a subscriber reads it. */
function roundTrip(data: unknown, headers?: Record<string, string>): EventxEvent {
  const encoded = encodeEvent({ type: 't', data, ...(headers ? { headers } : {}) }, 1000);
  return eventOf(encoded);
}

const errorOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

describe('an event', () => {
  test('is what was stored, with its number', () => {
    const event = eventOf();
    expect(event).toMatchObject({ seq: 42, id: 7, type: 'order.placed', key: 'o-1', headers: {} });
    expect(event.createdAt.toISOString()).toBe('2026-01-02T03:04:05.678Z');
    expect(JSON.parse(JSON.stringify(event))).toEqual({
      seq: 42,
      id: 7,
      uuid: STORED.uuid,
      type: 'order.placed',
      key: 'o-1',
      headers: {},
      data: { items: [{ sku: 'a' }] },
      createdAt: '2026-01-02T03:04:05.678Z',
    });
  });

  test('has a size that grows with all that it holds', () => {
    const plain = eventOf().size;
    expect(plain).toBeGreaterThan(STORED.data.byteLength);
    for (const more of [
      { data: Buffer.alloc(STORED.data.byteLength + 100) },
      { headers: `{"h":"${'x'.repeat(92)}"}` },
      { key: 'k'.repeat(103) },
    ]) {
      expect(eventOf(more).size).toBe(plain + 100);
    }
  });
});

describe('its data', () => {
  test('is decoded at the first look, and once', () => {
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const event = eventOf();
      expect(parse).not.toHaveBeenCalled();
      expect(event.data).toBe(event.data);
      expect(parse).toHaveBeenCalledTimes(1);
    } finally {
      parse.mockRestore();
    }
  });

  test('is decoded once also where it is null', () => {
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const event = eventOf({ data: Buffer.from('null') });
      expect([event.data, event.data]).toEqual([null, null]);
      expect(parse).toHaveBeenCalledTimes(1);
    } finally {
      parse.mockRestore();
    }
  });

  test('and its headers cannot be changed by one of the subscribers that share it', () => {
    const event = eventOf<{ items: { sku: string }[] }>({ headers: '{"h":"1"}' });
    expect(() => (event.data.items[0]!.sku = 'b')).toThrow(TypeError);
    expect(() => event.data.items.push({ sku: 'c' })).toThrow(TypeError);
    expect(() => ((event.headers as Record<string, string>).h = '2')).toThrow(TypeError);
    event.createdAt.setTime(0);
    expect(event.createdAt.getTime()).toBe(STORED.createdAt);
  });

  test('may be nested deeper than the call stack', () => {
    const depth = 5000;
    const event = eventOf({ data: Buffer.from('['.repeat(depth) + ']'.repeat(depth)) });
    let inner = event.data as unknown[];
    for (let level = 1; level < depth; level++) inner = inner[0] as unknown[];
    expect(Object.isFrozen(inner)).toBe(true);
  });

  test('a key called __proto__ arrives as data, and as nothing else', () => {
    const { data, headers } = roundTrip(
      JSON.parse('{"__proto__": {"admin": true}}'),
      JSON.parse('{"__proto__": "x"}') as Record<string, string>,
    );
    expect(Object.entries(data as object)).toEqual([['__proto__', { admin: true }]]);
    expect((data as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.entries(headers)).toEqual([['__proto__', 'x']]);
  });

  test('published as bytes is those bytes, base64 in JSON', () => {
    const bytes = Uint8Array.of(0, 255, 123);
    const event = roundTrip(bytes);
    expect([...(event.data as Uint8Array)]).toEqual([0, 255, 123]);
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({ data: 'AP97' });
  });
});

describe('an event that was not written by publish', () => {
  test('says which event it is, and keeps the payload out of the message', () => {
    const event = eventOf({ data: Buffer.from('{"card": "4111-1111"') });
    const error = errorOf(() => event.data) as EventDecodeError;
    expect(error).toBeInstanceOf(EventDecodeError);
    expect(error).toMatchObject({
      code: 'EVENTX_EVENT_DECODE',
      message: expect.stringMatching(/^Event 42 \(id 7, type "order.placed"\): its data cannot be/),
    });
    expect(error.stack).not.toContain('4111');
    expect(error.cause).toBeUndefined();
    // All else stays readable.
    expect([event.seq, event.key, event.headers]).toEqual([42, 'o-1', {}]);
  });

  test('with bytes that are no text is an error, and does not turn into other text', () => {
    const latin1 = Buffer.from('{"name": "J\xf6rg"}', 'latin1');
    expect(() => eventOf({ data: latin1 }).data).toThrow(/its data cannot be decoded/);
    expect(eventOf({ data: Buffer.from('\ufeff"ok"') }).data).toBe('ok');
  });

  test('is named on one line, whatever its type is', () => {
    const type = 'a"\nWARN forged \u001b[2J';
    const error = errorOf(() => eventOf({ type, data: Buffer.from('{') }).data) as EventDecodeError;
    expect(error.message).toMatch(
      /^Event 42 \(id 7, type "a\\"\\nWARN forged \\u001b\[2J"\): its data/,
    );
  });

  test.each(['{"h": "secret', '[]', '"secret"', '5', 'null', '{"h": {"a": "secret"}}', '{"h": 1}'])(
    'headers that are %s are an error that says so',
    (headers) => {
      const error = errorOf(() => eventOf({ headers }).headers) as EventDecodeError;
      expect(error).toBeInstanceOf(EventDecodeError);
      expect(error.message).toMatch(/its headers cannot be decoded/);
      expect(error.stack).not.toContain('secret');
    },
  );
});
