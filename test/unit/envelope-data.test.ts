import { describe, expect, test } from '@jest/globals';
import { type EventHeaders, EventxPublishError } from 'nestjs-eventx';

import { encodeEvent } from '../../lib/event/envelope.js';

const encode = (data?: unknown, headers?: EventHeaders) =>
  encodeEvent({ type: 'order.placed', data, ...(headers ? { headers } : {}) }, 1000);
const textOf = (data: unknown) => encode(data).data.toString('utf8');

describe('the data of an event', () => {
  test.each([
    { what: 'an object', data: { a: [1, null, 'ä🎁'] }, text: '{"a":[1,null,"ä🎁"]}' },
    { what: 'nothing, which is null', data: undefined, text: 'null' },
    { what: 'null', data: null, text: 'null' },
    { what: 'a primitive', data: false, text: 'false' },
    { what: 'an empty string', data: '', text: '""' },
    { what: 'what toJSON gives', data: new Date(0), text: '"1970-01-01T00:00:00.000Z"' },
    { what: 'half a surrogate pair, escaped', data: '\ud83c', text: '"\\ud83c"' },
  ])('$what is stored as JSON', ({ data, text }) => {
    expect(textOf(data)).toBe(text);
  });

  test('a key called __proto__ is data like any other', () => {
    const data: unknown = JSON.parse('{"__proto__": {"admin": true}, "a": 1}');
    expect(textOf(data)).toBe('{"__proto__":{"admin":true},"a":1}');
  });

  test('a BigInt or a circular reference is refused, with what to do', () => {
    const circular: { secret: string; self?: unknown } = { secret: 'hunter2' };
    circular.self = circular;
    for (const data of [10n, { total: 10n }, circular]) {
      expect(() => encode(data)).toThrow(EventxPublishError);
      expect(() => encode(data)).toThrow(
        /"order.placed".*cannot be written as JSON.*Convert it first/,
      );
      expect(() => encode(data)).not.toThrow(/hunter2/);
    }
  });

  test('an error in toJSON is the cause of ours', async () => {
    const cause = new Error('lazy relation');
    const toJSON = () => {
      throw cause;
    };
    const encoding = Promise.resolve().then(() => encode({ toJSON }));
    await expect(encoding).rejects.toMatchObject({ code: 'EVENTX_PUBLISH', cause });
  });

  test.each([() => 1, Symbol('s'), class A {}])('%p is refused', (data) => {
    expect(() => encode(data)).toThrow(/a function or a symbol, which JSON cannot hold/);
  });
});

describe('bytes as data', () => {
  test('are stored as they are, with a header that says so', () => {
    for (const bytes of [new Uint8Array([0, 255, 128]), Buffer.from([0, 255, 128])]) {
      const { data, headers } = encode(bytes);
      expect([...data]).toEqual([0, 255, 128]);
      expect(headers).toBe('{"content-type":"application/octet-stream"}');
    }
  });

  test('are a copy: what the caller does with its buffer later changes nothing', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { data } = encode(bytes);
    bytes[0] = 9;
    expect([...data]).toEqual([1, 2, 3]);
  });

  test('of a part of a buffer are that part', () => {
    const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect([...encode(part).data]).toEqual([2, 3]);
  });
});

describe('the size limit', () => {
  test('counts bytes, not characters, and the headers too', () => {
    const limited = (data: string, headers: EventHeaders, limit: number) => () =>
      encodeEvent({ type: 'order.placed', data, headers }, limit);
    // 2 quotes and 2 bytes a letter; {"h":"ä"} are 10 bytes.
    expect(limited('ääää', { h: 'ä' }, 20)).not.toThrow();
    expect(limited('ääää', { h: 'ä' }, 19)).toThrow(EventxPublishError);
    expect(limited('ääää', { h: 'ä' }, 19)).toThrow(
      /"order.placed": payload and headers take 20 bytes, the limit is 19 \(option maxPayloadBytes\)/,
    );
  });

  test('holds for bytes as well, and the payload stays out of the message', () => {
    const secret = () => encodeEvent({ type: 't', data: Buffer.from('secret'.repeat(99)) }, 100);
    expect(secret).toThrow(/the limit is 100/);
    expect(secret).not.toThrow(/secret/);
  });
});
