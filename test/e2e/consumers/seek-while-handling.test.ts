import { describe, expect, test } from '@jest/globals';
import { type ConsumerContext, type EventxEvent, LeaseLostError } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { until } from '../../support/until.js';

type Context = ConsumerContext<EntityManager>;

describe.each(DATABASES)('G5 consumers: seek while a handler is at work on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const app = await startConsumerApp(options);
    undo(() => app.close());
    return { app, options };
  };

  test('plain: it is told, its result does not count, and the consumer goes on from there', async () => {
    const { app } = await start();
    const gate = new Gate();
    const seen: number[] = [];
    let reason: unknown;
    app.consume({
      name: 'c',
      handle: async ({ seq }: EventxEvent, { signal }: Context) => {
        seen.push(seq);
        if (seq !== 2 || gate.count > 0) return;
        signal.addEventListener('abort', () => (reason = signal.reason as unknown));
        await gate.pass();
      },
    });
    await app.fill(4);
    await gate.arrived();
    await app.consumers.seek('c', 4);
    await app.finished('c');
    gate.open();
    expect(reason).toBeInstanceOf(LeaseLostError);
    await app.fill(1);
    await app.passed('c', 5);
    expect(seen).toEqual([1, 2, 4, 5]);
  });

  // With SQLite nobody can write while the handler has the database; the next test is for both.
  const places = database === 'sqlite' ? [] : [1, 3];
  for (const concurrency of places)
    test(`transactional, ${concurrency} at a time: its writes are rolled back`, async () => {
      const { app } = await start();
      const effects = await Effects.in(app.dataSource);
      const gate = new Gate();
      const late: Promise<void>[] = [];
      app.consume({
        name: 'c',
        transactional: true,
        concurrency,
        handle: ({ seq }: EventxEvent, { manager }: Context) => {
          const work = async () => {
            await effects.add('c', seq, manager);
            if (gate.count > 0 || seq !== 1) return;
            await gate.pass();
            await effects.add('c', seq, manager, 'late');
          };
          const result = work();
          late.push(result);
          return result;
        },
      });
      await app.fill(1);
      await gate.arrived();
      await app.fill(3);
      await app.consumers.seek('c', 3);
      await app.passed('c', 4);
      gate.open();
      await Promise.allSettled(late);
      const seqs = await effects.sorted('c');
      expect(seqs).not.toContain(1);
      expect(seqs.filter((seq) => seq >= 3)).toEqual(
        concurrency === 1 ? [3, 4] : expect.arrayContaining([3, 4]),
      );
    });

  test('transactional: a handler that ends after the seek cannot commit', async () => {
    const { app } = await start();
    const effects = await Effects.in(app.dataSource);
    app.consume({
      name: 'c',
      transactional: true,
      types: 'n',
      handle: async ({ seq }: EventxEvent, { manager }: Context) => {
        await effects.add('c', seq, manager);
        // As if it came in from outside just before the commit.
        if (seq === 2) await manager.query('UPDATE eventx_offsets SET epoch = epoch + 1');
      },
    });
    await app.fill(1);
    await app.finished('c');
    await app.write('n');
    await new Promise(setImmediate);
    expect(await effects.seqs('c')).toEqual([1]);
    expect((await app.consumers.get('c')).offset).toBe(1);
  });

  test('a consumer that waits for its next attempt goes at once', async () => {
    const { app } = await start();
    const seen: number[] = [];
    app.consume({
      name: 'c',
      retry: { backoff: { initial: 3_600_000, max: 3_600_000 } },
      handle: ({ seq }) => {
        seen.push(seq);
        if (seq === 1) throw new Error('wait for an hour');
      },
    });
    await app.fill(3);
    await until(() => seen.length === 1, { what: 'the first attempt' });
    await app.consumers.seek('c', 2);
    await app.finished('c');
    expect(seen.filter((seq) => seq !== 1)).toEqual([2, 3]);
  });
});
