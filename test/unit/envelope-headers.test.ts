import { describe, expect, test } from '@jest/globals';
import type { EventHeaders } from 'nestjs-eventx';

import { encodeEvent } from '../../lib/event/envelope.js';

const headersOf = (headers: unknown, data: unknown = 1) =>
  encodeEvent({ type: 't', data, headers: headers as EventHeaders }, 1000).headers;

describe('the headers of an event', () => {
  test('are stored as JSON; none are stored as null', () => {
    expect(headersOf({ trace: 'ü1', empty: '' })).toBe('{"trace":"ü1","empty":""}');
    expect(headersOf({})).toBeNull();
    expect(headersOf(undefined)).toBeNull();
    expect(headersOf(null)).toBeNull();
  });

  test('one called __proto__ is a header like any other', () => {
    expect(headersOf(JSON.parse('{"__proto__": "x"}'))).toBe('{"__proto__":"x"}');
  });

  test('inherited properties are none', () => {
    expect(headersOf(Object.create({ inherited: 'x' }))).toBeNull();
  });

  test.each([5, null, undefined, {}, ['a']])('a value that is %p is refused by name', (value) => {
    expect(() => headersOf({ trace: value })).toThrow(/header "trace" must be a string/);
  });

  test('content-type must not contradict the data', () => {
    const bytes = new Uint8Array([1]);
    const octets = 'application/octet-stream';
    expect(headersOf({ 'content-type': 'application/json' })).toContain('application/json');
    expect(headersOf({ 'content-type': octets, a: 'b' }, bytes)).toBe(
      `{"content-type":"${octets}","a":"b"}`,
    );
    expect(() => headersOf({ 'content-type': octets })).toThrow(/but the data is not bytes/);
    expect(() => headersOf({ 'content-type': 'image/png' }, bytes)).toThrow(
      /but the data is bytes/,
    );
  });
});
