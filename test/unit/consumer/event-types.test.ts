import { describe, expect, test } from '@jest/globals';

import { EventDecodeError, EventxOptionsError } from '../../../lib/errors.js';
import { EventTypes } from '../../../lib/event/event-types.js';
import { EventxEvent } from '../../../lib/event/eventx-event.js';

const event = (data: unknown, headers: object | null = null) =>
  new EventxEvent(1, {
    id: 1,
    uuid: 'u',
    type: 'order',
    key: null,
    headers: headers && JSON.stringify(headers),
    data: Buffer.from(JSON.stringify(data)),
    createdAt: 0,
  });
const up = (data: unknown) => (data as number) + 1;

describe('versions of payloads', () => {
  test.each([
    [{ version: 3, upcast: { 1: up } }, /has no upcast\[2\]/],
    [{ version: 0 }, /must be 1, 2, 3/],
    [{ version: 1.5 }, /must be 1, 2, 3/],
  ])('%j is an error at startup', (order, message) => {
    expect(() => new EventTypes({ order })).toThrow(EventxOptionsError);
    expect(() => new EventTypes({ order })).toThrow(message);
  });

  test('each event is brought up once for all consumers, and the stored one stays as it is', async () => {
    let calls = 0;
    const types = new EventTypes({
      order: { version: 2, upcast: { 1: (data) => (calls++, up(data)) } },
    });
    const stored = event(1);
    const [one, other] = await Promise.all([types.toConsume(stored), types.toConsume(stored)]);
    expect(one).toBe(other);
    expect([one.data, stored.data, calls]).toEqual([2, 1, 1]);
  });

  test.each([['2'], ['x'], ['0'], ['1.5']])(
    'the version %j is none this process knows',
    async (version) => {
      const types = new EventTypes({ order: {} });
      await expect(types.toConsume(event(1, { 'schema-version': version }))).rejects.toThrow(
        EventDecodeError,
      );
    },
  );

  test('a failure is not remembered: what the validator needs may come back', async () => {
    let down = true;
    const validate = (value: unknown) => {
      if (down) throw new Error('no schema registry');
      return { value };
    };
    const types = new EventTypes({
      order: { schema: { '~standard': { version: 1, vendor: 'x', validate } } },
    });
    const stored = event(1);
    await expect(types.toConsume(stored)).rejects.toThrow('no schema registry');
    down = false;
    expect((await types.toConsume(stored)).data).toBe(1);
  });
});
