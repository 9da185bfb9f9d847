import { describe, expect, test } from '@jest/globals';
import { type EventInput, EventxPublishError } from 'nestjs-eventx';

import { encodeEvent } from '../../lib/event/envelope.js';

const encode = (input: unknown) => encodeEvent(input as EventInput, 1000);

describe('type and key of an event', () => {
  test('may be anything that a string of 191 characters holds', () => {
    for (const name of [
      'a',
      ' ',
      'a'.repeat(191),
      '🎁'.repeat(95),
      'sträßle/注文\n',
      '__proto__',
    ]) {
      expect(encode({ type: name, key: name })).toMatchObject({ type: name, key: name });
    }
  });

  test('a key may be left out, null or empty', () => {
    expect(encode({ type: 't' }).key).toBeNull();
    expect(encode({ type: 't', key: null }).key).toBeNull();
    expect(encode({ type: 't', key: undefined }).key).toBeNull();
    expect(encode({ type: 't', key: '' }).key).toBe('');
  });

  test.each([
    { what: 'an empty type', event: { type: '' }, message: /a type that is not empty/ },
    { what: 'no type', event: {}, message: /type of an event must be a string, not undefined/ },
    {
      what: 'a number',
      event: { type: 5 },
      message: /type of an event must be a string, not number/,
    },
    { what: 'a key that is a number', event: { type: 't', key: 5 }, message: /key .* not number/ },
    {
      what: 'a long type',
      event: { type: 'a'.repeat(192) },
      message: /191 characters, this one has 192/,
    },
    {
      what: 'a long key',
      event: { type: 't', key: 'a'.repeat(192) },
      message: /key .* 191 characters/,
    },
    {
      what: 'half a surrogate pair',
      event: { type: 'a\ud83c' },
      message: /half of a surrogate pair/,
    },
    {
      what: 'the other half',
      event: { type: 't', key: '\udf81b' },
      message: /key .* surrogate pair/,
    },
    { what: 'null for an event', event: null, message: /publish takes an event/ },
    { what: 'a string for an event', event: 'order.placed', message: /publish takes an event/ },
  ])('$what is refused', ({ event, message }) => {
    expect(() => encode(event)).toThrow(EventxPublishError);
    expect(() => encode(event)).toThrow(message);
  });

  test('every event has a uuid of its own, version 7, ascending', () => {
    const uuids = Array.from({ length: 500 }, () => encode({ type: 't' }).uuid);
    expect(new Set(uuids).size).toBe(500);
    expect([...uuids].sort()).toEqual(uuids);
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});
