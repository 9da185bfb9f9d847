import { afterEach, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { range, seqsOf } from '../support/stored-events.js';

const BURST = 3000;

describe.each(DATABASES)('G4 no skip: a burst larger than the window on %s', (database) => {
  let log: TestApp;
  afterEach(() => log.close());

  test('reaches those who wait, those who are slow and those who come late', async () => {
    log = await startAppOn(database, {
      options: { windowSize: 8, batchSize: 64, maxBatchSize: 64 },
    });
    const waiting = log.eventx.subscriber({ from: 1, fetchLimit: 7 });
    const first = waiting.fetch();
    const types = range(1, BURST).map((n) => `${n}`);
    await log.publish(...types);
    const late = log.eventx.subscriber({ from: 1, fetchLimit: 1000 });

    const seen = [...(await first), ...(await take(waiting, BURST - (await first).length))];
    expect(seqsOf(seen)).toEqual(range(1, BURST));
    expect(seen.map(({ type }) => type)).toEqual(types);
    expect(seqsOf(await take(late, BURST))).toEqual(range(1, BURST));
  });

  test('is handed over from table to memory and back without a gap or a repeat', async () => {
    log = await startAppOn(database, { options: { windowSize: 4, batchSize: 4, maxBatchSize: 4 } });
    const subscriber = log.eventx.subscriber({ from: 1, fetchLimit: 3 });
    const seen: number[] = [];
    let published = 0;
    for (let round = 1; round <= 20; round++) {
      // It falls behind in some rounds, and catches up in others.
      const count = round % 4 === 0 ? 25 : 2;
      await log.publish(...range(1, count).map(String));
      published += count;
      await log.reached(published);
      const goal = round % 3 === 0 ? published : seen.length + 1;
      while (seen.length < goal) seen.push(...seqsOf(await subscriber.fetch()));
    }
    while (seen.length < published) seen.push(...seqsOf(await subscriber.fetch()));
    expect(seen).toEqual(range(1, published));
  });
});
