import { describe, expect, test } from '@jest/globals';
import type { EventxModuleOptions } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerAppOn } from '../../support/consumers/app.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

describe.each(DATABASES)('G7 retention on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async (retention: EventxModuleOptions['retention']) => {
    const app = await startConsumerAppOn(database, { options: { retention } });
    undo(() => app.close());
    return app;
  };
  const left = async ({ dataSource }: ConsumerApp) => {
    const rows = await dataSource.query<{ seq: unknown }[]>(
      'SELECT seq FROM eventx_events WHERE seq IS NOT NULL ORDER BY seq',
    );
    return rows.map(({ seq }) => Number(seq));
  };
  const finishConsumer = async (app: ConsumerApp, name: string) => {
    const consumer = app.consume({ name, handle: () => undefined });
    await app.finished(name);
    await consumer.close();
  };

  test.each([
    [0, []],
    [3, [8, 9, 10]],
    [100, range(1, 10)],
  ])('by count: of 10 events, at most %d stay', async (maxTotalEvents, expected) => {
    const app = await start({ maxTotalEvents, batchSize: 2 });
    await app.fill(10);
    const deleted = 10 - expected.length;
    const result = { before: deleted + 1, heldBackBy: [], passed: [] };
    expect(await app.retention.runOnce()).toEqual({ deleted, ...result });
    expect(await left(app)).toEqual(expected);
    expect(await app.retention.runOnce()).toEqual({ deleted: 0, ...result });
    // Numbers are never given again.
    await app.fill(1);
    expect((await left(app)).at(-1)).toBe(11);
  });

  test('by age: what is older than that goes, by the database’s clock', async () => {
    const app = await start({ maxAge: 3_600_000, batchSize: 3 });
    await app.fill(10);
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 0 });
    const past = (seconds: number) =>
      database === 'sqlite'
        ? `strftime('%Y-%m-%d %H:%M:%f', 'now', '-${seconds} seconds')`
        : `NOW(3) - INTERVAL ${seconds} SECOND`;
    await app.dataSource.query(
      `UPDATE eventx_events SET created_at = ${past(3590)} WHERE seq <= 8`,
    );
    await app.dataSource.query(
      `UPDATE eventx_events SET created_at = ${past(3700)} WHERE seq <= 7`,
    );
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 7, before: 8 });
    expect(await left(app)).toEqual([8, 9, 10]);
  });

  test('never past the lowest offset of a registered consumer, running or not; the result says whose', async () => {
    const app = await start({ maxTotalEvents: 1, batchSize: 2 });
    await app.fill(4);
    await finishConsumer(app, 'behind');
    await app.fill(4);
    await finishConsumer(app, 'ahead');
    await app.fill(2);
    expect(await app.retention.runOnce()).toEqual({
      deleted: 4,
      before: 5,
      heldBackBy: ['ahead', 'behind'],
      passed: [],
    });
    expect(await left(app)).toEqual(range(5, 10));

    // A consumer that is removed holds nothing back.
    await app.consumers.remove('behind');
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 4, heldBackBy: ['ahead'] });
    await finishConsumer(app, 'ahead');
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 1, heldBackBy: [] });
    expect(await left(app)).toEqual([10]);
  });

  test('past consumers only if the application says so, and then the result says which lost events', async () => {
    const app = await start({ maxTotalEvents: 2, ignoreConsumers: true });
    await app.fill(2);
    await finishConsumer(app, 'behind');
    await app.fill(4);
    await finishConsumer(app, 'ahead');
    expect(await app.retention.runOnce()).toEqual({
      deleted: 4,
      before: 5,
      heldBackBy: [],
      passed: ['behind'],
    });
    expect(await left(app)).toEqual([5, 6]);
  });

  test('an offset that is kept elsewhere counts, too', async () => {
    const app = await start({ maxTotalEvents: 0 });
    await app.fill(5);
    const offsets = {
      load: () => Promise.resolve(3),
      save: () => Promise.resolve(),
    };
    const gate = new Gate();
    app.consume({ name: 'elsewhere', offsets, handle: () => gate.pass() });
    await gate.arrived();
    expect(await app.retention.runOnce()).toMatchObject({ deleted: 3, heldBackBy: ['elsewhere'] });
    gate.open();
  });

  test('racing a slow consumer: it handles every event, and they go behind it', async () => {
    const app = await start({ maxTotalEvents: 0, batchSize: 3 });
    const seen: number[] = [];
    app.consume({
      name: 'slow',
      fetchLimit: 5,
      handle: async ({ seq }) => {
        await new Promise(setImmediate);
        seen.push(seq);
      },
    });
    await app.became('slow', 'running');
    let writing = true;
    const written = (async () => {
      for (let round = 0; round < 20; round++) await app.fill(10);
      writing = false;
    })();
    let deleted = 0;
    while (writing || deleted < 200) {
      deleted += (await app.retention.runOnce()).deleted;
      const [first = Infinity] = await left(app);
      expect(first).toBeGreaterThan(deleted);
    }
    await written;
    expect(seen).toEqual(range(1, 200));
    expect(await left(app)).toEqual([]);
  });

  test('a consumer that is moved back while a run goes on keeps what is left', async () => {
    const app = await start({ maxTotalEvents: 0, batchSize: 1 });
    await app.fill(300);
    await finishConsumer(app, 'c');
    const run = app.retention.runOnce();
    await until(async () => (await left(app)).length < 290, { what: 'the run to begin' });
    await app.consumers.seek('c', 'earliest');
    const { offset: seq } = await app.consumers.get('c');
    const result = await run;
    expect(result.heldBackBy).toEqual(['c']);
    const remaining = await left(app);
    expect(remaining.length).toBeGreaterThan(0);
    // The statement that was under way may have taken one more or two.
    expect(remaining[0]! - seq).toBeLessThanOrEqual(4);
  });

  test('stops when it is told to', async () => {
    const app = await start({ maxTotalEvents: 0, batchSize: 1 });
    await app.fill(20);
    expect(await app.retention.runOnce(AbortSignal.abort())).toMatchObject({ deleted: 0 });
    expect(await left(app)).toHaveLength(20);
  });
});
