import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { DATABASES } from '../../support/data-sources.js';
import { range, seqsOf } from '../../support/stored-events.js';
import { take } from '../../support/reading.js';

type Context = ConsumerContext<EntityManager>;

describe.each(DATABASES)('G5 consumers: transactional handlers on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    return { app, effects: await Effects.in(app.dataSource) };
  };

  test.each([1, 4])(
    'what they write and publish commits together with the offset, once, with %d at a time',
    async (concurrency) => {
      const { app, effects } = await start();
      let fail = 0;
      app.consume({
        name: 'c',
        transactional: true,
        concurrency,
        types: 'n',
        handle: async ({ seq, key }: EventxEvent, { manager }: Context) => {
          await effects.add('c', seq, manager);
          await app.eventx.publish(manager, { type: 'done', key, data: seq });
          if (++fail % 7 === 0) throw new Error('after the writes');
        },
      });
      const events = range(1, 60).map((n) => ({ type: 'n', key: `${n % 5}` }));
      for (const event of events) await app.write(event);

      const all = await take(app.eventx.subscriber({ from: 1 }), 120);
      await app.finished('c');
      const given = seqsOf(all.filter(({ type }) => type === 'n'));
      const published = all.filter(({ type }) => type === 'done').map(({ data }) => data as number);
      expect(await effects.sorted('c')).toEqual(given);
      expect(published.sort((a, b) => a - b)).toEqual(given);
    },
  );

  test('what the parts of a failed handler still write, while it is rolled back, is never committed', async () => {
    const { app, effects } = await start();
    let attempts = 0;
    const late: Promise<unknown>[] = [];
    app.consume({
      name: 'c',
      transactional: true,
      handle: async ({ seq }: EventxEvent, { manager }: Context) => {
        if (++attempts > 5) return;
        const chain = async () => {
          for (;;) {
            await effects.add('c', seq, manager);
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        late.push(chain().catch(() => undefined));
        await manager.query('SELECT 1');
        throw new Error('the other part goes on');
      },
    });
    await app.write('a');
    await app.finished('c');
    await Promise.all(late);
    expect(await effects.seqs('c')).toEqual([]);
  });
});
