import { describe, expect, test } from '@jest/globals';
import { type ConsumerContext, type EventxEvent, HandlerTimeoutError } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES } from '../../support/data-sources.js';

type Context = ConsumerContext<EntityManager>;

describe.each(DATABASES)(
  'G5 consumers: a handler that outlives its time limit on %s',
  (database) => {
    const undo = cleanUpAfterEach();
    const start = async () => {
      const app = await startConsumerAppOn(database);
      undo(() => app.close());
      return { app, effects: await Effects.in(app.dataSource), gate: new Gate() };
    };

    test('has its signal aborted, counts as failed, and its late result is nobody’s business', async () => {
      const { app, gate } = await start();
      const signals: AbortSignal[] = [];
      const seen: string[] = [];
      app.consume({
        name: 'c',
        timeout: 20,
        retry: { attempts: 2 },
        afterRetries: 'park',
        handle: async ({ seq }: EventxEvent, { signal, id }: Context) => {
          seen.push(id);
          if (seq !== 2) return;
          signals.push(signal);
          await gate.pass();
          if (signals.length === 1) return;
          throw new Error('a late failure');
        },
      });
      await app.fill(3);
      await app.finished('c');
      expect(seen).toEqual(['c@1#1', 'c@2#1', 'c@2#2', 'c@3#1']);
      expect(signals.map(({ reason }) => reason as unknown)).toEqual([
        expect.any(HandlerTimeoutError),
        expect.any(HandlerTimeoutError),
      ]);
      expect(await app.letters.list()).toMatchObject([{ seq: 2, attempts: 2 }]);
      gate.open();
      await app.fill(1);
      await app.passed('c', 4);
      expect(await app.letters.list()).toHaveLength(1);
    });

    test.each([1, 3])(
      'transactional, %d at a time: its late writes through the manager are refused, and never committed',
      async (concurrency) => {
        const { app, effects, gate } = await start();
        const late: Promise<void>[] = [];
        const stuck = async (seq: number, manager: EntityManager) => {
          await effects.add('c', seq, manager, 'early');
          await gate.pass();
          await effects.add('c', seq, manager, 'late');
        };
        app.consume({
          name: 'c',
          transactional: true,
          concurrency,
          timeout: 200,
          handle: async ({ seq }: EventxEvent, { manager, attempt }: Context) => {
            if (seq !== 2 || attempt > 2) return effects.add('c', seq, manager, 'done');
            const work = stuck(seq, manager);
            late.push(work);
            return work;
          },
        });
        await app.fill(4);
        await app.finished('c');
        gate.open();
        const outcomes = await Promise.allSettled(late);
        expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        expect(await effects.sorted('c')).toEqual([1, 2, 3, 4]);
        expect((await effects.rows('c')).every(({ note }) => note === 'done')).toBe(true);
      },
    );

    test('a replay has the same limit', async () => {
      const { app, effects, gate } = await start();
      let parked = false;
      const late: Promise<void>[] = [];
      app.consume({
        name: 'c',
        transactional: true,
        timeout: 200,
        retry: { attempts: 1 },
        afterRetries: 'park',
        handle: async ({ seq }: EventxEvent, { manager }: Context) => {
          if (!parked) throw new Error('park it');
          const work = gate.pass().then(() => effects.add('c', seq, manager));
          late.push(work);
          return work;
        },
      });
      await app.fill(1);
      await app.finished('c');
      parked = true;
      const { failed } = await app.letters.replay({ consumer: 'c' });
      expect(failed).toMatchObject([
        { seq: 1, error: expect.stringContaining('longer than 200 ms') },
      ]);
      gate.open();
      await Promise.allSettled(late);
      expect(await effects.seqs('c')).toEqual([]);
      expect(await app.letters.list()).toHaveLength(1);
    });
  },
);
