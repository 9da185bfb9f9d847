import { afterEach, describe, expect, test } from '@jest/globals';
import { firstValueFrom, lastValueFrom, Subject, take, toArray } from 'rxjs';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { ReadCounter } from '../support/queries.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

const COUNT = 2000;
const BATCH = 20;
/** What one read of the table may bring. */
const READ = 100;

describe.each(DATABASES)('back-pressure: a subscriber slower than the log on %s', (database) => {
  let log: TestApp;
  afterEach(() => log.close());

  /** Publishes while the subscriber stands still, each event with ballast. */
  async function publishAll(): Promise<void> {
    for (const first of range(0, COUNT / 100 - 1).map((chunk) => chunk * 100 + 1)) {
      await log.dataSource.transaction((manager) =>
        log.eventx.publish(
          manager,
          range(first, first + 99).map(() => ({ type: 't', data: 'x'.repeat(1000) })),
        ),
      );
    }
    await log.reached(COUNT);
  }

  test('has nothing fetched for it while it handles an event, however many come', async () => {
    log = await startAppOn(database, {
      options: { windowSize: READ, batchSize: READ, maxBatchSize: READ },
    });
    const table = new ReadCounter(log.dataSource, /FROM .*`eventx_events`.*`seq` >= \?/);
    const handling: number[] = [];
    const turns: Subject<void>[] = [];
    const handled = log.eventx.events$({ from: 1, fetchLimit: BATCH }, ({ seq }) => {
      handling.push(seq);
      const turn = new Subject<void>();
      turns.push(turn);
      return turn;
    });
    const subscription = handled.subscribe();
    await publishAll();
    expect(handling).toEqual([1]);
    expect(table.rows).toBe(0);

    // One batch handled is one more fetched: a hundredth of the log is in memory, not all that came.
    for (let turn = 0; turn < 3 * BATCH; turn++) {
      await until(() => turns.length > turn, { what: 'the next event' });
      turns[turn]!.complete();
    }
    await until(() => handling.length === 3 * BATCH + 1, { what: 'the last event' });
    expect(handling).toEqual(range(1, 3 * BATCH + 1));
    expect(table.rows).toBeLessThanOrEqual(2 * READ);
    subscription.unsubscribe();
  });

  test('that catches up later gets all of it in the end', async () => {
    log = await startAppOn(database, {
      options: { windowSize: READ, batchSize: READ, maxBatchSize: READ },
    });
    const start = new Subject<void>();
    const seen: number[] = [];
    const stream = log.eventx.batches$({ from: 1 }, async (batch) => {
      if (seen.length === 0) await firstValueFrom(start, { defaultValue: null });
      seen.push(...seqsOf(batch));
    });
    const subscription = stream.subscribe();
    await publishAll();
    expect(seen).toEqual([]);
    start.complete();
    await until(() => seen.length === COUNT, { what: 'all events', timeoutMs: 45_000 });
    expect(seen).toEqual(range(1, COUNT));
    subscription.unsubscribe();
  });

  test('memory is limited by the options, not by the log', async () => {
    log = await startAppOn(database, {
      options: { windowSize: READ, batchSize: READ, maxBatchSize: READ, batchBytes: 65_536 },
    });
    await publishAll();
    const table = new ReadCounter(log.dataSource, /FROM .*`eventx_events`.*`seq` >= \?/);
    const seqs = log.eventx.events$({ from: 1, fetchLimit: 1 }).pipe(take(300), toArray());
    expect(seqsOf(await lastValueFrom(seqs))).toEqual(range(1, 300));
    // Each of about 1,100 bytes: 65,536 bytes are 59 of them. The first read does not know that yet.
    expect(table.rows / table.reads).toBeLessThan(80);
  });
});
