import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, ConsumerDeclaration, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

type Context = ConsumerContext<EntityManager>;
type Changes = Partial<ConsumerDeclaration<EventxEvent>>;

const COUNT = 10;
/** Those of the lane of event 1, which fails. */
const BEHIND = [1, 5, 9];
const AHEAD = range(1, COUNT).filter((seq) => !BEHIND.includes(seq));

// With SQLite one transaction follows the other, so that nothing is done ahead of the one in hand.
describe('G5 consumers: what lanes did ahead of the offset is done, whatever the next run is', () => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase('mariadb');
    undo(remove);
    return async () => {
      const app = await startConsumerApp(options);
      undo(() => app.close());
      return app;
    };
  };
  const consume = (app: ConsumerApp, effects: Effects, changes: Changes, failing?: number) => {
    const handle = async (events: EventxEvent | readonly EventxEvent[], context: Context) => {
      for (const { seq } of [events].flat()) {
        if (seq === failing) throw new Error('not yet');
        await effects.add('c', seq, managerOf(context));
      }
    };
    const { handlers } = changes;
    app.consume({
      name: 'c',
      ...changes,
      ...(handlers ? { handlers: handlers.map((other) => ({ ...other, handle })) } : { handle }),
    });
  };
  const forgotten = (app: ConsumerApp) =>
    until(
      async () => (await app.dataSource.query<unknown[]>('SELECT * FROM eventx_done')).length === 0,
      {
        what: 'the marks to be forgotten',
      },
    );

  test.each<[string, Changes]>([
    ['nothing but the number of lanes, down to one', { transactional: true, concurrency: 1 }],
    ['fewer lanes', { transactional: true, concurrency: 2 }],
    ['more lanes', { transactional: true, concurrency: 7 }],
    ['batches', { transactional: true, batch: true }],
    ['small batches', { transactional: true, batch: true, fetchLimit: 3 }],
    ['no transactions', {}],
    ['no transactions, in lanes', { concurrency: 3 }],
    ['no transactions, in batches', { batch: true }],
    [
      'what happens after the last try',
      { transactional: true, afterRetries: 'park', retry: { attempts: 9 } },
    ],
    [
      'keys that are parked together',
      { transactional: true, afterRetries: 'park-key', retry: { attempts: 9 } },
    ],
    ['other types', { transactional: true, types: ['n', 'other'] }],
    [
      'other handlers',
      { transactional: true, handlers: [{ types: ['n'], handle: () => undefined }] },
    ],
    [
      'types in lanes',
      { transactional: true, concurrency: 4, types: ['n', 'other'], fetchLimit: 2 },
    ],
  ])('changed: %s', async (_what, changes) => {
    const open = await start();
    const first = await open();
    const effects = await Effects.in(first.dataSource);
    consume(first, effects, { transactional: true, concurrency: 4 }, 1);
    await first.fill(COUNT);
    await until(async () => (await effects.seqs('c')).length === AHEAD.length, {
      what: 'all that can be done',
    });
    expect(await effects.sorted('c')).toEqual(AHEAD);
    await first.close();

    const app = await open();
    const after = Effects.of(app.dataSource);
    consume(app, after, changes);
    await app.finished('c');
    expect(await after.sorted('c')).toEqual(range(1, COUNT));
    await forgotten(app);
    await app.fill(3);
    await app.finished('c');
    expect(await after.sorted('c')).toEqual(range(1, COUNT + 3));
  });

  test.each<[string, Changes]>([
    ['in order', {}],
    ['in order, in transactions', { transactional: true }],
    ['in batches', { batch: true }],
    ['in lanes, which park nothing', { concurrency: 3 }],
  ])('what was parked ahead of the offset is not handled again: %s', async (_what, changes) => {
    const open = await start();
    const first = await open();
    const tried: number[] = [];
    first.consume({
      name: 'c',
      concurrency: 4,
      afterRetries: 'park',
      retry: { attempts: 2, retryIf: () => true },
      handle: async ({ seq }, { signal }) => {
        tried.push(seq);
        if (seq === 3) throw new Error('never');
        if (seq !== 1) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
      },
    });
    await first.fill(4);
    await until(async () => (await first.letters.list()).length === 1, { what: 'it to be parked' });
    expect((await first.consumers.get('c')).offset).toBe(0);
    // As a process that is gone: its offset does not get any further.
    await first.dataSource.query(
      "UPDATE eventx_offsets SET epoch = epoch + 1, owner = 'gone', lease_until = 0",
    );
    await first.close();

    const app = await open();
    const seen: number[] = [];
    app.consume({
      name: 'c',
      ...changes,
      handle: (events: EventxEvent | readonly EventxEvent[]) =>
        void seen.push(...[events].flat().map(({ seq }) => seq)),
    });
    await app.finished('c');
    expect(seen).not.toContain(3);
    expect(seen).toContain(1);
    expect(await app.letters.list()).toHaveLength(1);
    await forgotten(app);
  });
});
