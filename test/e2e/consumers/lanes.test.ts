import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerAppOn } from '../../support/consumers/app.js';
import { countStatements } from '../../support/consumers/statements.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { DATABASES } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

type Context = ConsumerContext<EntityManager>;

describe.each(DATABASES)('G5 consumers: several events at a time on %s', (database) => {
  const undo = cleanUpAfterEach();
  let app: ConsumerApp;
  const start = async () => {
    app = await startConsumerAppOn(database);
    undo(() => app.close());
  };

  test.each([false, true])(
    'those of a key in order, however long each takes (transactional: %s)',
    async (transactional) => {
      await start();
      const effects = await Effects.in(app.dataSource);
      const keys = range(0, 6).map(String);
      const events = range(1, 150).map((n) => ({ type: 't', key: keys[(n * n) % 7] }));
      await app.write(...events);
      let working = 0;
      let most = 0;
      app.consume({
        name: 'c',
        transactional,
        concurrency: 5,
        handle: async ({ seq, key }: EventxEvent, context: Context) => {
          most = Math.max(most, ++working);
          for (let turns = (seq * 7) % 11; turns > 0; turns--) await new Promise(setImmediate);
          await effects.add('c', seq, managerOf(context), key!);
          working--;
        },
      });
      await app.finished('c');
      const rows = await effects.rows('c');
      expect(rows.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(range(1, 150));
      for (const key of keys) {
        const seqs = rows.filter(({ note }) => note === key).map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
      // SQLite gives one transaction after the other its turn.
      if (!(transactional && database === 'sqlite')) expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(5);
    },
  );

  test('the offset stays behind the oldest that is not done, and the window bounds what is done ahead of it', async () => {
    await start();
    const gate = new Gate();
    const seen: number[] = [];
    const consumer = () =>
      app.consume({
        name: 'c',
        concurrency: 2,
        fetchLimit: 10,
        handle: async ({ seq }) => {
          seen.push(seq);
          if (seq === 2) await gate.pass();
        },
      });
    const first = consumer();
    await app.fill(40);
    await gate.arrived();
    // Lane 0 has event 2, lane 1 goes on with the odd ones.
    await until(() => seen.includes(11), { what: 'the window to fill' });
    await app.passed('c', 1);
    for (let turn = 0; turn < 20; turn++) await app.consumers.get('c');
    expect((await app.consumers.get('c')).offset).toBe(1);
    expect(Math.max(...seen)).toBe(11);
    gate.open();
    await app.finished('c');
    await first.close();
    expect([...seen].sort((a, b) => a - b)).toEqual(range(1, 40));
  });

  test('marks of parked events are forgotten, too', async () => {
    await start();
    app.consume({
      name: 'c',
      concurrency: 3,
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: () => {
        throw new Error('no');
      },
    });
    await app.fill(10);
    await app.finished('c');
    await until(
      async () =>
        (await app.dataSource.query<unknown[]>('SELECT seq FROM eventx_done')).length === 0,
      { what: 'the marks to be forgotten' },
    );
    expect(await app.letters.list()).toHaveLength(10);
  });

  test('offset writes cost per batch, not per event, however far behind it is', async () => {
    await start();
    await app.fill(1000);
    const statements = countStatements(app.dataSource);
    undo(() => statements.stop());
    for (const [name, options] of Object.entries({
      lanes: { concurrency: 4, fetchLimit: 50 },
      plain: { fetchLimit: 50 },
      together: { fetchLimit: 50, transactional: true },
    })) {
      app.consume({ name, ...options, handle: () => Promise.resolve() });
      await app.finished(name);
      const writes = statements.take(/UPDATE .*`eventx_offsets` SET `seq`/);
      expect(writes).toBeGreaterThan(0);
      expect(writes).toBeLessThan(150);
    }
  });
});
