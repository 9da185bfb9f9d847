import { describe, expect, test } from '@jest/globals';
import { EventxPublishError } from 'nestjs-eventx';

import { encodeEvent, type EventInput } from '../../lib/event/envelope.js';

const encode = (data: unknown) => encodeEvent({ type: 't', data }, 1_000_000).data.toString();
const refusal = (data: unknown): string => {
  try {
    encode(data);
  } catch (error) {
    if (error instanceof EventxPublishError) return error.message;
    throw error;
  }
  return 'taken';
};

class Money {
  #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents() {
    return this.#cents;
  }
}
class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  get length() {
    return Math.hypot(this.x, this.y);
  }
}
class Marker {}
class Decimal {
  constructor(private readonly text: string) {}
  toJSON() {
    return this.text;
  }
}
const sparse: unknown[] = [1];
sparse[2] = 3;

describe('what JSON would quietly change is refused', () => {
  test.each<[string, unknown, RegExp]>([
    ['a Map', new Map([['secret', 1]]), /a Map.*Object\.fromEntries/],
    ['a Set', new Set(['secret']), /a Set.*\[\.\.\.set\]/],
    ['an Error', new Error('secret'), /a Error.*its message/],
    ['an Error with properties', Object.assign(new TypeError('secret'), { code: 1 }), /TypeError/],
    ['a RegExp', /secret/, /a RegExp/],
    ['a Promise', Promise.resolve('secret'), /a Promise.*await it/],
    ['a typed array', new Float64Array([1]), /a Float64Array.*Uint8Array/],
    ['an ArrayBuffer', new ArrayBuffer(4), /a ArrayBuffer/],
    ['a DataView', new DataView(new ArrayBuffer(4)), /a DataView/],
    ['a WeakMap', new WeakMap(), /a WeakMap/],
    ['search parameters', new URLSearchParams('secret=1'), /a URLSearchParams/],
    ['a boxed number', new Number(4711), /a Number.*primitive/],
    ['a boxed string', new String('secret'), /a String/],
    ['an instance with private state', new Money(4711), /a Money.*toJSON\(\)/],
    ['a date that is none', new Date(NaN), /an invalid Date.*null/],
    ['NaN', NaN, /NaN.*null/],
    ['an infinite number', -Infinity, /-Infinity.*null/],
  ])('%s, at any depth', (_, value, what) => {
    for (const [data, path] of [
      [value, 'data'],
      [{ a: value }, 'data.a'],
      [[1, value], 'data[1]'],
      [{ items: [{}, { 'a b': value }] }, 'data.items[1]["a b"]'],
      [new Point(1, value as number), 'data.y'],
    ] as const) {
      const message = refusal(data);
      expect(message).toMatch(what);
      expect(message).toContain(`Event "t": ${path} is `);
      expect(message).not.toMatch(/secret|4711/);
    }
  });

  test.each<[string, unknown, string]>([
    ['a function', { f: () => 'secret' }, 'data.f is a function, which JSON leaves out'],
    ['a symbol', { s: Symbol('secret') }, 'data.s is a symbol, which JSON leaves out'],
    ['a function in an array', [() => 1], 'data[0] is a function, which JSON turns into null'],
    ['undefined in an array', { a: [undefined] }, 'data.a[0] is undefined in an array'],
    ['a hole', sparse, 'data[1] is undefined in an array'],
  ])('%s', (_, data, message) => {
    expect(refusal(data)).toContain(message);
  });

  test('the first of several is named', () => {
    expect(refusal({ a: [1, { b: NaN }], c: new Map() })).toContain('data.a[1].b is NaN');
  });

  test('under thousands of levels, with as much of the path as fits a line', () => {
    let data: unknown = { price: NaN };
    for (let level = 0; level < 3000; level++) data = level % 2 ? [data] : { 'x\n': data };
    const message = refusal(data);
    expect(message).toMatch(/is NaN/);
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain('\n');
  });
});

describe('what JSON holds is taken', () => {
  test.each<[string, unknown, string]>([
    ['undefined as a property', { a: undefined, b: 1 }, '{"b":1}'],
    [
      'an object without a prototype',
      Object.assign(Object.create(null) as object, { a: 1 }),
      '{"a":1}',
    ],
    ['an instance with properties', new Point(3, 4), '{"x":3,"y":4}'],
    ['an instance of a class that is but a name', new Marker(), '{}'],
    [
      'what says itself what it is',
      { d: new Decimal('1.10'), u: new URL('http://x/') },
      '{"d":"1.10","u":"http://x/"}',
    ],
    ['a plain object that says what it is', { toJSON: () => 'me', m: new Map() }, '"me"'],
    ['dates', [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    [
      'the smallest and largest numbers',
      [Number.MAX_VALUE, 5e-324, 0],
      '[1.7976931348623157e+308,5e-324,0]',
    ],
  ])('%s', (_, data, text) => {
    expect(encode(data)).toBe(text);
  });

  test('whatever is added to the prototype of objects', () => {
    const prototype = Object.prototype as { added?: unknown };
    prototype.added = () => 1;
    try {
      expect(encode({ a: 1 })).toBe('{"a":1}');
      expect(() => encodeEvent({ type: 't', data: 1 }, 100)).not.toThrow();
    } finally {
      delete prototype.added;
    }
  });
});

describe('properties that an event does not have', () => {
  const of = (input: object) => () => encodeEvent(input as EventInput, 1000);

  test.each([
    ['payload', 'data'],
    ['dta', 'data'],
    ['Type', 'type'],
    ['header', 'headers'],
    ['metadata', 'headers'],
    ['id', 'key'],
  ])('such as "%s" are refused, naming "%s"', (wrong, right) => {
    const input = { type: 't', [wrong]: 'secret' };
    expect(of(input)).toThrow(EventxPublishError);
    expect(of(input)).toThrow(`An event has no property "${wrong}": did you mean "${right}"?`);
    expect(of(input)).not.toThrow(/secret/);
  });

  test('are refused also where they are like nothing known', () => {
    expect(of({ type: 't', correlation: 1 })).toThrow(
      /no property "correlation"\. It takes type, data, key, headers; further metadata/,
    );
    expect(of({ type: 't', constructor: 1 })).toThrow(/no property "constructor"/);
  });

  test('may be those of a class, for its own use, where it has data', () => {
    class Placed {
      readonly type = 't';
      constructor(private readonly total: number) {}
      get data() {
        return { total: this.total };
      }
    }
    class Mistaken {
      readonly type = 't';
      constructor(readonly payload: number) {}
    }
    expect(encodeEvent(new Placed(7), 1000).data.toString()).toBe('{"total":7}');
    expect(of(new Mistaken(7))).toThrow(/did you mean "data"/);
  });
});
