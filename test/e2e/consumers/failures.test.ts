import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { Effects } from '../../support/consumers/effects.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { DATABASES } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';

const SIZE = 6;

describe.each(DATABASES)(
  'G10 nothing dropped: a failure at any place of a batch on %s',
  (database) => {
    const undo = cleanUpAfterEach();

    /** A consumer for each place at which an event fails twice; all of them get the same batch at once. */
    const start = async (
      options: object,
      handle: (
        attempts: Attempts,
        effects: Effects,
        name: string,
      ) => (
        events: EventxEvent & readonly EventxEvent[],
        context: ConsumerContext<EntityManager>,
      ) => unknown,
    ) => {
      const app = await startConsumerAppOn(database);
      undo(() => app.close());
      const effects = await Effects.in(app.dataSource);
      await app.fill(SIZE);
      const consumers = range(1, SIZE).map((place) => {
        const attempts = new Attempts().fail(place, 2);
        const name = `fails-at-${place}`;
        app.consume({ name, ...options, handle: handle(attempts, effects, name) });
        return { name, place, attempts };
      });
      for (const { name } of consumers) await app.finished(name);
      return { consumers, effects };
    };

    test('plain: in order, and only the failing event again', async () => {
      const { consumers } = await start(
        {},
        (attempts) =>
          ({ seq }) =>
            attempts.call(seq),
      );
      for (const { place, attempts } of consumers) {
        expect(attempts.calls).toEqual([...range(1, place), place, ...range(place, SIZE)]);
      }
    });

    test('transactional: every effect once, in order', async () => {
      const { consumers, effects } = await start(
        { transactional: true },
        (attempts, effects, name) =>
          async ({ seq }, { manager }) => {
            await effects.add(name, seq, manager);
            attempts.call(seq);
          },
      );
      for (const { name, place, attempts } of consumers) {
        expect(await effects.seqs(name)).toEqual(range(1, SIZE));
        expect(attempts.count(place)).toBe(3);
      }
    });

    test.each([false, true])(
      'a batch, transactional: %s: one at a time until it is past the failing event',
      async (transactional) => {
        const { consumers, effects } = await start(
          { batch: true, transactional },
          (attempts, effects, name) => async (events, context) => {
            for (const { seq } of events) {
              attempts.call(seq);
              await effects.add(name, seq, managerOf(context));
            }
          },
        );
        for (const { name, place, attempts } of consumers) {
          const first = range(1, transactional ? 0 : place - 1);
          expect(await effects.seqs(name)).toEqual([...first, ...range(1, SIZE)]);
          expect(attempts.count(place)).toBe(3);
        }
      },
    );

    test('lanes: the others go on, and every effect is there once', async () => {
      const { consumers, effects } = await start(
        { transactional: true, concurrency: 3 },
        (attempts, effects, name) =>
          async ({ seq }, { manager }) => {
            await effects.add(name, seq, manager);
            attempts.call(seq);
          },
      );
      for (const { name } of consumers) expect(await effects.sorted(name)).toEqual(range(1, SIZE));
    });
  },
);
