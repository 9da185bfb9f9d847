import { setTimeout as sleep } from 'node:timers/promises';

import type { ConsumerContext, ConsumerDeclaration, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import type { Figure } from '../figures.js';
import { interleave, type Measurement, perSecond } from '../interleave.js';
import { type BenchApp, startApp } from '../lab/app.js';
import type { BenchDatabase } from '../lab/database.js';
import { addNumbered } from '../lab/fill.js';
import { consumeFloor, effectsFloor } from '../lab/floor.js';
import type { Lab } from '../lab/lab.js';
import { lanesFloor } from '../lab/lanes-floor.js';
import type { Scenario } from '../scenario.js';

/** The consumers' default. */
const BATCH = 256;
/** What the library takes into one transaction. */
const TRANSACTION_MS = 20;
const LANES = 16;

/** Durable consumers against bare loops that make the same writes. */
export const consumers: Scenario = {
  letter: 'e',
  title: 'Durable consumers',
  async measure(lab) {
    return lab.withDatabases(1, async (database) => {
      const { pool } = database;
      const { plain, batch, transactional, lanes } = lab.sizes.consume;
      await addNumbered(pool, Math.max(plain, batch, transactional, lanes), 200);
      await pool.query(
        'CREATE TABLE effects (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, seq BIGINT UNSIGNED NOT NULL); ' +
          'CREATE TABLE floor_offset (seq BIGINT UNSIGNED NOT NULL); INSERT INTO floor_offset VALUES (0)',
      );
      const app = await startApp(database, { consumers: { lease: 5000 } });
      const figures = await measureAll(lab, app, database);
      await app.close();
      return figures;
    });
  },
};

async function measureAll(lab: Lab, app: BenchApp, { pool }: BenchDatabase): Promise<Figure[]> {
  const { plain, batch, transactional, lanes } = lab.sizes.consume;
  return [
    await compare(lab, 'one event a call', null, {
      floor: () => perSecond(() => consumeFloor(pool, plain, BATCH)),
      eventx: () => consume(app, plain, { batch: false }, (event) => one(event)),
    }),
    await compare(lab, 'batches of 256', 0.7, {
      floor: () => perSecond(() => consumeFloor(pool, batch, BATCH)),
      eventx: () => consume(app, batch, { batch: true }, (events) => events.length),
    }),
    await compare(lab, 'transactional, one row written for each event', 0.7, {
      floor: () =>
        perSecond(() =>
          effectsFloor(pool, transactional, { batch: BATCH, transactionMs: TRANSACTION_MS }),
        ),
      eventx: () =>
        consume(app, transactional, { transactional: true }, async (event, { manager }) => {
          await manager.query('INSERT INTO effects (seq) VALUES (?)', [event.seq]);
          return 1;
        }),
    }),
    await compare(lab, `${LANES} lanes, handlers of 5 ms`, 0.7, {
      floor: () => perSecond(() => lanesFloor(pool, lanes, { batch: BATCH, lanes: LANES, work })),
      eventx: () =>
        consume(app, lanes, { concurrency: LANES }, async () => {
          await work();
          return 1;
        }),
    }),
  ];
}

const work = () => sleep(5);

function one(_event: EventxEvent): number {
  return 1;
}

async function compare(
  lab: Lab,
  name: string,
  ratio: number | null,
  measurements: { readonly floor: Measurement; readonly eventx: Measurement },
): Promise<Figure> {
  const { floor, eventx } = await interleave(lab.rounds, measurements);
  return {
    scenario: 'e',
    name,
    unit: 'events/s',
    samples: eventx,
    reference: { name: 'bare loop', samples: floor },
    ...(ratio === null ? {} : { goal: { ratio } }),
  };
}

type Handle = (
  event: EventxEvent & readonly EventxEvent[],
  context: ConsumerContext<EntityManager>,
) => number | Promise<number>;

let declared = 0;

/** A new consumer works through the first `count` events. @param handle says how many it took. @returns events/s, from its first to its last */
async function consume(
  app: BenchApp,
  count: number,
  options: Partial<ConsumerDeclaration<EventxEvent>>,
  handle: Handle,
): Promise<number> {
  let begin = 0;
  let done = 0;
  const { promise, resolve } = withResolver();
  const consumer = app.eventx.consumer({
    ...options,
    name: `bench-${++declared}`,
    startFrom: 'earliest',
    handle: async (event, context) => {
      begin ||= performance.now();
      const taken = await handle(event, context);
      done += taken;
      if (done >= count) resolve();
    },
  });
  await promise;
  const rate = (done * 1000) / (performance.now() - begin);
  await consumer.close();
  return rate;
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
