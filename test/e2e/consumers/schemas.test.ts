import { describe, expect, test } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type EventTypeDefinitions, EventxPublishError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';

interface Order {
  readonly total: number;
  readonly currency: string;
}

/** A validator as small as the standard allows; it fills a default, and takes its time. */
const orderSchema: StandardSchemaV1<unknown, Order> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: async (value) => {
      await Promise.resolve();
      const { total, currency = 'EUR' } = (value ?? {}) as Partial<Order>;
      if (typeof total === 'number') return { value: { total, currency } };
      return {
        issues: [{ message: 'must be a number', path: ['total'] }, { message: 'secret-free' }],
      };
    },
  },
};

const V1: EventTypeDefinitions = { order: { schema: orderSchema } };
const V3: EventTypeDefinitions = {
  order: {
    version: 3,
    upcast: {
      1: (data) => ({ cents: (data as Order).total * 100 }),
      2: (data) => ({ amount: (data as { cents: number }).cents / 100, unit: 'EUR' }),
    },
  },
};

describe.each(DATABASES)('payloads of known types on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async (events?: EventTypeDefinitions) => {
      const app = await startConsumerApp(options, { options: { events } });
      undo(() => app.close());
      return app;
    };
  };

  test('are validated when they are published: what does not fit is refused, and nothing of it is in the message', async () => {
    const open = await start();
    const app = await open(V1);
    const error: unknown = await app
      .write({ type: 'order', data: { total: 'secret' } })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EventxPublishError);
    expect((error as Error).message).toBe(
      'Event "order": its data does not fit its schema: total: must be a number; secret-free.',
    );
    // All or none of a call.
    await expect(
      app.write({ type: 'order', data: { total: 1 } }, { type: 'order' }),
    ).rejects.toThrow(EventxPublishError);
    expect(await app.dataSource.query('SELECT * FROM eventx_events')).toEqual([]);

    await app.write({ type: 'order', data: { total: 1 } }, { type: 'unknown', data: 'anything' });
    const events = await app.eventx.subscriber({ from: 1 }).fetch();
    expect(events.map(({ data }) => data)).toEqual([{ total: 1, currency: 'EUR' }, 'anything']);
  });

  test('are validated when they are consumed: what does not fit parks or halts, without a second attempt', async () => {
    const open = await start();
    const producer = await open();
    await producer.write(
      { type: 'order', data: { total: 1 } },
      { type: 'order', data: {} },
      { type: 'order', data: { total: 3 } },
    );
    await producer.close();

    const app = await open(V1);
    const seen: unknown[] = [];
    app.consume({
      name: 'parks',
      afterRetries: 'park',
      retry: { attempts: Infinity },
      handle: ({ data }) => void seen.push(data),
    });
    app.consume({ name: 'halts', handle: () => undefined });
    app.consume({
      name: 'batch',
      batch: true,
      afterRetries: 'park',
      retry: { attempts: Infinity },
      handle: () => undefined,
    });
    app.consume({ name: 'blind', types: 'other', handle: () => undefined });
    for (const name of ['parks', 'batch', 'blind']) await app.finished(name);
    expect(seen).toEqual([
      { total: 1, currency: 'EUR' },
      { total: 3, currency: 'EUR' },
    ]);
    expect((await app.became('halts', 'halted')).lastError).toMatch(
      /seq 2 after 1 attempt.*total: must be a number/,
    );
    const letters = await app.letters.list();
    expect(letters.map(({ consumer, seq, attempts }) => [consumer, seq, attempts])).toEqual([
      ['batch', 2, 1],
      ['parks', 2, 1],
    ]);
  });

  test('of older versions are brought to the present one, step by step', async () => {
    const open = await start();
    const old = await open();
    await old.write(
      { type: 'order', data: { total: 5 } },
      { type: 'order', data: { cents: 700 }, headers: { 'schema-version': '2' } },
    );
    await old.close();

    const app = await open(V3);
    await app.write({ type: 'order', data: { amount: 9, unit: 'EUR' } });
    const seen: unknown[] = [];
    app.consume({
      name: 'c',
      handle: ({ data, headers }) => void seen.push([data, headers['schema-version']]),
    });
    await app.finished('c');
    expect(seen).toEqual([
      [{ amount: 5, unit: 'EUR' }, undefined],
      [{ amount: 7, unit: 'EUR' }, '2'],
      [{ amount: 9, unit: 'EUR' }, '3'],
    ]);
    await app.close();

    // A process that was not deployed yet does not guess.
    const behind = await open(V1);
    behind.consume({ name: 'behind', startFrom: 3, handle: () => undefined });
    expect((await behind.became('behind', 'halted')).lastError).toMatch(
      /version 3, this process knows 1\. Deploy consumers/,
    );
  });

  test('a validator that never answers ends with the handler’s time limit', async () => {
    const open = await start();
    const producer = await open();
    await producer.write({ type: 'order', data: {} });
    await producer.close();
    const validate = () => new Promise<never>(() => undefined);
    const app = await open({
      order: { schema: { '~standard': { version: 1, vendor: 'none', validate } } },
    });
    app.consume({ name: 'c', timeout: 5, retry: { attempts: 2 }, handle: () => undefined });
    expect((await app.became('c', 'halted')).lastError).toMatch(/longer than 5 ms/);
  });
});
