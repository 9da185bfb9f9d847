import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';
import type { EntityManager, QueryRunner } from 'typeorm';

import { placeAt } from '../../../lib/consumer/ownership/start-position.js';
import { EventxRetentionJob } from '../../../lib/retention/retention-job.js';
import { resolveRetentionOptions } from '../../../lib/retention/retention-options.js';
import type { ConsumerStore } from '../../../lib/storage/index.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerAppOn } from '../../support/consumers/app.js';
import { connect, DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { countLockWaits, lockWaits } from '../../support/lock-waits.js';
import { silentLogger } from '../../support/silent-logger.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';
import { openDatabaseLog } from '../../support/database-log.js';

const undo = cleanUpAfterEach();
const EVERYTHING = { retention: { maxTotalEvents: 0 } };

const left = async ({ dataSource }: Pick<ConsumerApp, 'dataSource'>) => {
  const rows = await dataSource.query<{ seq: unknown }[]>(
    'SELECT seq FROM eventx_events WHERE seq IS NOT NULL ORDER BY seq',
  );
  return rows.map(({ seq }) => Number(seq));
};

describe('G7 retention: a consumer that comes while events are being deleted', () => {
  const start = async () => {
    const app = await startConsumerAppOn('mariadb', {
      // Nothing is to be had from memory but the last event.
      options: { ...EVERYTHING, windowSize: 1, connections: 4 },
    });
    undo(() => app.close());
    return app;
  };
  /** Whoever needs the row that this selects has to wait. */
  const hold = async ({ dataSource }: ConsumerApp, statement: string): Promise<QueryRunner> => {
    const holder = dataSource.createQueryRunner();
    undo(() => holder.release());
    await holder.startTransaction('READ COMMITTED');
    await holder.query(statement);
    return holder;
  };
  const holdEvent = (app: ConsumerApp) =>
    hold(app, 'SELECT id FROM eventx_events FORCE INDEX (PRIMARY) WHERE id = 10 FOR UPDATE');
  const holdOffset = (app: ConsumerApp) =>
    hold(app, "INSERT INTO eventx_offsets (log, consumer, seq) VALUES ('eventx_events', 'new', 0)");
  /** Until a second session waits, or what must not happen has happened: then the test goes on, and fails. */
  const waitingOr = ({ dataSource }: ConsumerApp, wrong: () => boolean | Promise<boolean>) =>
    until(async () => (await countLockWaits(dataSource)) === 2 || (await wrong()), {
      what: 'a second session to wait',
    });
  const seenBy = (app: ConsumerApp, name: string) => {
    const seen: number[] = [];
    app.consume({ name, handle: ({ seq }) => void seen.push(seq) });
    return seen;
  };

  test('a new one waits for the delete, and begins behind it; the others go on meanwhile', async () => {
    const app = await start();
    const old = seenBy(app, 'old');
    await app.fill(20);
    await app.finished('old');
    const holder = await holdEvent(app);
    const run = app.retention.runOnce();
    await lockWaits(app.dataSource, 1);
    // In the middle of its statement.
    const seen = seenBy(app, 'new');
    await waitingOr(app, async () => (await app.consumers.list()).length === 2);
    await app.fill(3);
    await app.passed('old', 23);
    expect(old).toEqual(range(1, 23));
    await holder.rollbackTransaction();
    expect(await run).toMatchObject({ deleted: 20 });
    await app.finished('new');
    expect(seen).toEqual([21, 22, 23]);
  });

  test('one that is moved back waits for the delete, and begins behind it', async () => {
    const app = await start();
    const seen = seenBy(app, 'c');
    await app.fill(20);
    await app.finished('c');
    await app.consumers.pause('c');
    const holder = await holdEvent(app);
    const run = app.retention.runOnce();
    await lockWaits(app.dataSource, 1);
    let moved = false;
    const seek = app.consumers.seek('c', 'earliest').then(() => (moved = true));
    await waitingOr(app, () => moved);
    await holder.rollbackTransaction();
    await seek;
    expect(await run).toMatchObject({ deleted: 20 });
    expect((await app.consumers.get('c')).offset).toBe(20);
    await app.fill(1);
    await app.consumers.resume('c');
    await app.finished('c');
    expect(seen).toEqual(range(1, 21));
  });

  test('a delete waits for one that is being registered, and leaves what it needs', async () => {
    const app = await start();
    await app.fill(19);
    await app.fill(1);
    // Between its look at the log and its own row.
    const holder = await holdOffset(app);
    const seen = seenBy(app, 'new');
    await lockWaits(app.dataSource, 1);
    const run = app.retention.runOnce();
    await waitingOr(app, async () => (await left(app)).length === 0);
    await holder.rollbackTransaction();
    await run;
    expect(await left(app)).toEqual(range(1, 20));
    await app.finished('new');
    expect(seen).toEqual(range(1, 20));
  });

  test('of an empty log nothing is numbered, nor deleted, before one that is being registered is there', async () => {
    const app = await start();
    await app.fill(20);
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 20 });
    const holder = await holdOffset(app);
    const seen = seenBy(app, 'new');
    await lockWaits(app.dataSource, 1);
    await app.publish('a');
    await waitingOr(app, async () => (await left(app)).length === 1);
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 0 });
    await holder.rollbackTransaction();
    await app.passed('new', 21);
    expect(seen).toEqual([21]);
  });
});

describe.each(DATABASES)('G7 retention: between its look and its delete on %s', (database) => {
  /** A log of ten events, and a job that deletes all of them unless somebody comes in between. */
  const start = async (between: (store: ConsumerStore<EventxEvent, EntityManager>) => unknown) => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const dataSource = await connect(options);
    undo(() => dataSource.destroy());
    const log = await openDatabaseLog(dataSource);
    undo(() => log.close());
    const store = log.consumers as unknown as ConsumerStore<EventxEvent, EntityManager>;
    const values = range(1, 10).map((seq) => `(${seq}, 't', 'u${seq}', '{}')`);
    await dataSource.query(
      `INSERT INTO eventx_events (seq, type, uuid, data) VALUES ${values.join()}`,
    );
    await dataSource.query('UPDATE eventx_state SET last_seq = 10');
    let looks = 0;
    const { storage } = log;
    const job = new EventxRetentionJob(
      storage,
      resolveRetentionOptions({ maxTotalEvents: 0, batchSize: 4 }),
      {
        logger: silentLogger,
        async offsets() {
          const records = await store.records();
          if (++looks === 1) await between(store);
          return records;
        },
      },
    );
    return { dataSource, storage, store, job };
  };

  test('a consumer is registered: it keeps all, and the result says so', async () => {
    const { dataSource, job, storage } = await start(async (store) => {
      const put = (to: Parameters<typeof store.register>[1]) => store.register('c', to);
      expect(await placeAt(storage, 'earliest', put)).toMatchObject({ offset: 0 });
    });
    expect(await job.runOnce()).toEqual({
      deleted: 0,
      before: 1,
      heldBackBy: ['c'],
      passed: [],
    });
    expect(await left({ dataSource })).toEqual(range(1, 10));
  });

  test('a consumer is moved back: it keeps what comes next', async () => {
    const { dataSource, job, store } = await start((store) =>
      store.seek('c', { offset: 3, uuid: null }),
    );
    await store.register('c', { offset: 10, uuid: null });
    expect(await job.runOnce()).toMatchObject({ deleted: 3, before: 4, heldBackBy: ['c'] });
    expect(await left({ dataSource })).toEqual(range(4, 10));
  });

  test('the log moves back, as after a restore: nothing of the other log is deleted', async () => {
    const { dataSource, job } = await start(async () => {
      await dataSource.query('DELETE FROM eventx_events WHERE seq > 6');
      await dataSource.query('UPDATE eventx_state SET last_seq = 6');
    });
    expect(await job.runOnce()).toMatchObject({ deleted: 0 });
    expect(await left({ dataSource })).toEqual(range(1, 6));
    // Decided anew.
    expect(await job.runOnce()).toMatchObject({ deleted: 6 });
  });

  test('the log has moved back under a consumer: it keeps all until somebody has decided', async () => {
    const { dataSource, job, store } = await start(() => undefined);
    await store.register('c', { offset: 10, uuid: null });
    await dataSource.query('DELETE FROM eventx_events WHERE seq > 6');
    await dataSource.query('UPDATE eventx_state SET last_seq = 6');
    expect(await job.runOnce()).toMatchObject({ deleted: 0, heldBackBy: ['c'] });
    await store.seek('c', { offset: 4, uuid: null });
    expect(await job.runOnce()).toMatchObject({ deleted: 4, heldBackBy: ['c'] });
  });

  test('where its place is gone, a consumer is told so, and put nowhere', async () => {
    const { store, job } = await start(() => undefined);
    await job.runOnce();
    const gone = { offset: 3, uuid: null };
    expect(await store.register('c', gone)).toBe('gone');
    expect(await store.records()).toEqual([]);
    expect(await store.register('c', { ...gone, evenIfGone: true })).toBe('placed');
    expect(await store.seek('c', gone)).toBe('gone');
    expect(await store.seek('c', { offset: 10, uuid: null })).toBe('placed');
  });
});
