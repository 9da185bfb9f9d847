import { describe, expect, test } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import { EventTypes } from '../../../lib/event/event-types.js';
import { EventxEvent } from '../../../lib/event/eventx-event.js';

interface Order {
  n: number;
  items: { sku: string }[];
}

const stored = (data: Buffer, headers: object | null = null) =>
  new EventxEvent<Order>(1, {
    id: 1,
    uuid: 'u',
    type: 'order',
    key: null,
    headers: headers && JSON.stringify(headers),
    data,
    createdAt: 0,
  });
const order = () => stored(Buffer.from('{"n":1,"items":[{"sku":"a"}]}'));
const schemaOf = (validate: (value: never) => unknown): StandardSchemaV1 => ({
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: (value) => ({ value: validate(value as never) }),
  },
});
const decode = async <T>(types: EventTypes, event: EventxEvent) =>
  (await types.toConsume(event)) as EventxEvent<T>;

describe('a payload that was decoded for several handlers', () => {
  test.each<[string, EventTypes]>([
    ['a schema', new EventTypes({ order: { schema: schemaOf((value) => value) } })],
    [
      'an upcaster',
      new EventTypes({ order: { version: 2, upcast: { 1: (data) => ({ ...(data as Order) }) } } }),
    ],
    ['neither', new EventTypes({ order: {} })],
  ])('by %s cannot be changed by one of them', async (_, types) => {
    const event = order();
    const first = await decode<Order>(types, event);
    expect(() => (first.data.n = 99)).toThrow(TypeError);
    expect(() => first.data.items.push({ sku: 'b' })).toThrow(TypeError);
    expect(() => (first.data.items[0]!.sku = 'b')).toThrow(TypeError);
    const next = await decode<Order>(types, event);
    expect(next).toBe(first);
    expect(next.data).toEqual({ n: 1, items: [{ sku: 'a' }] });
  });

  test.each<[string, (value: Order) => unknown, (data: never) => void]>([
    [
      'an instance of a class',
      (value) => Object.assign(new (class Cart {})(), value),
      (data: Order) => void (data.n = 99),
    ],
    [
      'a date inside',
      (value) => ({ ...value, at: new Date(0) }),
      (data: { at: Date }) => void data.at.setTime(99),
    ],
    [
      'a map inside',
      (value) => ({ ...value, map: new Map([['n', 1]]) }),
      (data: { map: Map<string, number> }) => void data.map.set('n', 99),
    ],
    [
      'bytes inside',
      (value) => ({ ...value, bytes: Buffer.from([1]) }),
      (data: { bytes: Buffer }) => void (data.bytes[0] = 99),
    ],
    [
      'a property that computes',
      ({ n }) => ({
        get items() {
          return [n];
        },
        set n(value: number) {
          n = value;
        },
      }),
      (data: { n: number }) => void (data.n = 99),
    ],
  ])('as %s is each handler’s own, at each attempt', async (_, make, change) => {
    const types = new EventTypes({ order: { schema: schemaOf(make) } });
    const event = order();
    const [first, second] = await Promise.all([decode(types, event), decode(types, event)]);
    change(first.data as never);
    const third = await decode(types, event);
    expect(second.data).toEqual(make(order().data));
    expect(third.data).toEqual(make(order().data));
  });

  test('as bytes is each handler’s own, too', async () => {
    const types = new EventTypes({ order: {} });
    const event = stored(Buffer.from([1]), { 'content-type': 'application/octet-stream' });
    const first = await decode<Uint8Array>(types, event);
    first.data[0] = 99;
    expect([...(await decode<Uint8Array>(types, event)).data]).toEqual([1]);
    expect([...event.bytes]).toEqual([1]);
  });

  test('may be in a circle', async () => {
    const circle = (value: Order) => Object.assign(value, { self: value });
    const types = new EventTypes({ order: { schema: schemaOf(circle) } });
    const { data } = await decode<Order & { self: unknown }>(types, order());
    expect(data.self).toBe(data);
    expect(Object.isFrozen(data)).toBe(true);
  });

  test('may be changed by the upcasters and the validator, which get their own', async () => {
    const types = new EventTypes({
      order: {
        version: 2,
        upcast: { 1: (data) => Object.assign(data as Order, { currency: 'EUR' }) },
        schema: schemaOf((value: Order) => {
          value.items.push({ sku: 'default' });
          return value;
        }),
      },
    });
    const event = order();
    expect(event.data.n).toBe(1);
    const { data } = await decode<Order>(types, event);
    expect(data).toEqual({ n: 1, currency: 'EUR', items: [{ sku: 'a' }, { sku: 'default' }] });
    expect(event.data).toEqual({ n: 1, items: [{ sku: 'a' }] });
  });
});
