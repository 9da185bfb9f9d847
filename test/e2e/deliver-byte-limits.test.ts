import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { range, seqsOf } from '../support/stored-events.js';

const COUNT = 60;
const LIMIT = 5000;

describe.each(
  DATABASES.flatMap((database) => [
    { database, source: 'memory', windowSize: 1000 },
    { database, source: 'the table', windowSize: 1 },
  ]),
)('G4 no skip: byte limits of batches from $source on $database', ({ database, windowSize }) => {
  let log: TestApp;
  beforeAll(async () => {
    log = await startAppOn(database, { options: { windowSize } });
    // Every seventh event is over the limit all by itself.
    const inputs = range(1, COUNT).map((n) => ({
      type: 't',
      data: 'x'.repeat(n % 7 === 0 ? 3 * LIMIT : (n * 211) % 1500),
    }));
    await log.dataSource.transaction((manager) => log.eventx.publish(manager, inputs));
    await log.reached(COUNT);
    await log.publish('pushes them out');
    await log.reached(COUNT + 1);
  });
  afterAll(() => log.close());

  test('are kept, but one event over the limit is delivered, alone', async () => {
    const subscriber = log.eventx.subscriber({ from: 1, sizeLimit: LIMIT });
    const seen: number[] = [];
    let oversized = 0;
    let together = 0;
    while (seen.length < COUNT) {
      const batch = await subscriber.fetch();
      const bytes = batch.reduce((sum, { size }) => sum + size, 0);
      if (bytes > LIMIT) {
        expect(batch).toHaveLength(1);
        oversized++;
      }
      if (batch.length > 1) together++;
      seen.push(...seqsOf(batch));
    }
    expect(seen.slice(0, COUNT)).toEqual(range(1, COUNT));
    expect(oversized).toBe(Math.floor(COUNT / 7));
    expect(together).toBeGreaterThan(5);
  });

  test('of one byte deliver one event at a time', async () => {
    const subscriber = log.eventx.subscriber({ from: 1, sizeLimit: 1 });
    for (let seq = 1; seq <= 10; seq++) expect(seqsOf(await subscriber.fetch())).toEqual([seq]);
  });
});
