import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

type Context = ConsumerContext<EntityManager>;
const FOR_EVER = () => new Promise<never>(() => undefined);

describe.each(DATABASES)('G5 consumers: shutdown on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async (consumers: object = {}) => {
      const app = await startConsumerApp(options, { options: { consumers } });
      undo(() => app.close());
      return app;
    };
  };

  test('waits for the event in hand, commits it, and begins no other', async () => {
    const open = await start();
    const app = await open();
    const gate = new Gate();
    for (const [name, options] of Object.entries({ plain: {}, lanes: { concurrency: 2 } })) {
      app.consume({ name, ...options, handle: () => gate.pass() });
    }
    await app.fill(9);
    await gate.arrived(3);
    const closing = app.close();
    await new Promise(setImmediate);
    gate.open();
    await closing;
    const { consumers } = await open();
    expect(await consumers.get('plain')).toMatchObject({ offset: 1, owner: null });
    expect(await consumers.get('lanes')).toMatchObject({ offset: 2, owner: null });
    expect(gate.count).toBe(3);
  });

  test('breaks off handlers that do not end, whatever they wait for, and gives the consumers free', async () => {
    const open = await start();
    const app = await open({ shutdownTimeout: 20, lease: 3_600_000 });
    const effects = await Effects.in(app.dataSource);
    const gate = new Gate();
    const hang = () => (void gate.pass(), FOR_EVER());
    const signals: AbortSignal[] = [];
    app.consume({ name: 'a-plain', handle: (_, { signal }) => (signals.push(signal), hang()) });
    app.consume({ name: 'b-lanes', concurrency: 3, handle: hang });
    app.consume({ name: 'c-batch', batch: true, handle: hang });
    app.consume({
      name: 'd-offsets',
      handle: () => undefined,
      offsets: { load: () => Promise.resolve(0), save: hang },
    });
    app.consume({
      name: 'd-lanes',
      concurrency: 2,
      fetchLimit: 1,
      handle: () => undefined,
      offsets: { load: () => Promise.resolve(0), save: hang },
    });
    app.consume({
      name: 'e-load',
      handle: () => undefined,
      offsets: { load: hang, save: () => Promise.resolve() },
    });
    await app.fill(3);
    await gate.arrived(8);
    app.consume({
      name: 'f-together',
      transactional: true,
      handle: async ({ seq }: EventxEvent, { manager }: Context) => {
        await effects.add('c', seq, manager);
        return hang();
      },
    });
    await gate.arrived(9);
    await app.close();

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const again = await open();
    const infos = await again.consumers.list();
    expect(infos.map(({ name, offset: seq, owner }) => [name, seq, owner])).toEqual(
      ['a-plain', 'b-lanes', 'c-batch', 'd-lanes', 'd-offsets', 'f-together'].map((name) => [
        name,
        0,
        null,
      ]),
    );
    expect(await Effects.of(again.dataSource).seqs('c')).toEqual([]);
  });

  test('cuts short the wait for the next attempt', async () => {
    const open = await start();
    const app = await open({ shutdownTimeout: 10_000 });
    const gate = new Gate();
    gate.open();
    app.consume({
      name: 'c',
      retry: { backoff: { initial: 3_600_000, max: 3_600_000 } },
      handle: async () => {
        await gate.pass();
        throw new Error('in an hour');
      },
    });
    await app.fill(1);
    await gate.arrived();
    await app.close();
  });

  test('keeps the leases of handlers that are still at it', async () => {
    const open = await start();
    const app = await open({ shutdownTimeout: 10_000, lease: 400 });
    const gate = new Gate();
    app.consume({ name: 'c', handle: () => gate.pass() });
    await app.fill(1);
    await gate.arrived();
    const other = await open();
    const { owner } = await other.consumers.get('c');
    const leaseUntil = async () => {
      const [row] = await other.dataSource.query<{ lease_until: unknown }[]>(
        'SELECT lease_until FROM eventx_offsets',
      );
      return Number(row!.lease_until);
    };
    const closing = app.close();
    const before = await leaseUntil();
    await until(async () => (await leaseUntil()) > before + 400, { what: 'it to be renewed' });
    expect((await other.consumers.get('c')).owner).toBe(owner);
    gate.open();
    await closing;
    expect(await other.consumers.get('c')).toMatchObject({ offset: 1, owner: null });
  });

  test('a consumer that is closed ends in this process alone, and can be declared again', async () => {
    const open = await start();
    const app = await open();
    const seen: number[] = [];
    const declare = () => app.consume({ name: 'c', handle: ({ seq }) => void seen.push(seq) });
    for (const seq of range(1, 5)) {
      const consumer = declare();
      await app.fill(1);
      await app.passed('c', seq);
      await consumer.close();
    }
    // Closed while it begins.
    for (let turn = 0; turn < 5; turn++) await declare().close();
    await app.fill(1);
    expect(await app.consumers.get('c')).toMatchObject({
      offset: 5,
      owner: null,
      state: 'waiting',
    });
    expect(seen).toEqual(range(1, 5));
  });
});
