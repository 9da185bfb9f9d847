import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { DATABASES } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';

type Context = ConsumerContext<EntityManager>;
const KEYS = 3;
const ROUNDS = 15;

describe.each(DATABASES)(
  'G10 nothing dropped: a replay beside the running consumer on %s',
  (database) => {
    const undo = cleanUpAfterEach();
    const start = async () => {
      const app = await startConsumerAppOn(database);
      undo(() => app.close());
      return { app, effects: await Effects.in(app.dataSource) };
    };

    test.each([
      ['plain', {}],
      ['transactional', { transactional: true }],
      ['transactional lanes', { transactional: true, concurrency: 3 }],
    ])('keeps every key in order, and handles each event once (%s)', async (_mode, options) => {
      const { app, effects } = await start();
      const attempts = new Attempts();
      range(1, KEYS).forEach((seq) => attempts.fail(seq));
      app.consume({
        name: 'c',
        ...options,
        retry: { attempts: 1 },
        afterRetries: 'park-key',
        handle: async ({ seq, key }: EventxEvent, context: Context) => {
          attempts.call(seq);
          await effects.add('c', seq, managerOf(context), key!);
        },
      });
      const round = range(1, KEYS).map((key) => `t@${key}`);
      await app.write(...round);
      await app.finished('c');
      attempts.mend();

      let writing = true;
      const written = (async () => {
        for (let count = 0; count < ROUNDS; count++) await app.write(...round);
        writing = false;
      })();
      while (writing || (await app.letters.list()).length > 0) {
        expect((await app.letters.replay({ consumer: 'c' })).failed).toEqual([]);
      }
      await written;
      await app.finished('c');
      await app.letters.replay({ consumer: 'c' });

      const head = app.runner.status.lastSeq!;
      const rows = await effects.rows('c');
      expect(rows.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(range(1, head));
      for (const key of range(1, KEYS).map(String)) {
        const seqs = rows.filter(({ note }) => note === key).map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
    });

    test('two replays at once share the letters', async () => {
      const { app, effects } = await start();
      const attempts = new Attempts();
      range(1, 20).forEach((seq) => attempts.fail(seq));
      app.consume({
        name: 'c',
        transactional: true,
        retry: { attempts: 1 },
        afterRetries: 'park',
        handle: async ({ seq }: EventxEvent, { manager }: Context) => {
          attempts.call(seq);
          await effects.add('c', seq, manager);
        },
      });
      await app.fill(20);
      await app.finished('c');
      attempts.mend();
      const results = await Promise.all([1, 2, 3].map(() => app.letters.replay({ consumer: 'c' })));
      expect(results.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(20);
      expect(results.flatMap(({ failed }) => failed)).toEqual([]);
      expect(await effects.sorted('c')).toEqual(range(1, 20));
    });

    test('a letter in the hands of a replay is left alone by the others', async () => {
      const { app } = await start();
      const gate = new Gate();
      let parked = false;
      app.consume({
        name: 'c',
        retry: { attempts: 1 },
        afterRetries: 'park-key',
        handle: async () => {
          if (!parked) throw new Error('park it');
          await gate.pass();
        },
      });
      await app.write('t@k', 't@k');
      await app.finished('c');
      parked = true;
      const first = app.letters.replay({ consumer: 'c' });
      await gate.arrived();
      expect(await app.letters.replay({ consumer: 'c' })).toEqual({
        replayed: 0,
        failed: [],
        skipped: 2,
      });
      gate.open();
      expect(await first).toEqual({ replayed: 2, failed: [], skipped: 0 });
      expect(gate.count).toBe(2);
    });
  },
);
