import { afterEach, describe, expect, test } from '@jest/globals';
import type { EventxEvent, StartFrom } from 'nestjs-eventx';
import { lastValueFrom, takeWhile, toArray } from 'rxjs';

import { startAppOn, type TestApp } from '../support/app.js';
import { take } from '../support/reading.js';
import { SeededRandom } from '../support/seeded-random.js';
import { range, seqsOf } from '../support/stored-events.js';

const WRITERS = 16;
const SUBSCRIBERS = 8;

describe.each([
  { database: 'mariadb', each: 1000 },
  { database: 'sqlite', each: 150 },
] as const)(
  'G4 no skip: 16 writers with thousands of events on $database',
  ({ database, each }) => {
    const total = WRITERS * each;
    let log: TestApp;
    afterEach(() => log.close());

    test('every subscriber sees every event once, in order, wherever it begins and whatever its limits', async () => {
      const random = new SeededRandom(11);
      // Small enough that those who begin late, and those who are slow, read the table.
      log = await startAppOn(database, { options: { windowSize: 500, maxBatchSize: 256 } });

      const starts: StartFrom[] = ['earliest', 1, total];
      while (starts.length < SUBSCRIBERS) starts.push(random.between(2, total - 1));
      const readers = starts.map(async (from) => {
        const first = typeof from === 'number' ? from : 1;
        const subscriber = log.eventx.subscriber({
          from,
          fetchLimit: random.between(1, 300),
          sizeLimit: random.between(100, 50_000),
        });
        const events = await take(subscriber, total - first + 1);
        expect(seqsOf(events)).toEqual(range(first, total));
        return events;
      });
      const stream = log.eventx.events$({ from: 1, fetchLimit: 100 }).pipe(
        takeWhile(({ seq }) => seq < total, true),
        toArray(),
      );
      const streamed = lastValueFrom(stream);

      await Promise.all(range(1, WRITERS).map((writer) => write(writer, random)));

      const [all] = await Promise.all(readers);
      expect(seqsOf(await streamed)).toEqual(range(1, total));
      // Nothing is there twice, nothing is missing, and each writer's events are in its order.
      expect(new Set(all!.map(({ id }) => id)).size).toBe(total);
      for (const writer of range(1, WRITERS)) {
        const own = all!.filter(({ type }) => type === `writer-${writer}`);
        expect(own.map((event) => (event as EventxEvent<number>).data)).toEqual(range(1, each));
      }
    });

    /** Publishes 1, 2, 3, …, a few in each transaction; now and then one is rolled back and done again. */
    async function write(writer: number, random: SeededRandom): Promise<void> {
      for (let next = 1; next <= each;) {
        const count = Math.min(random.between(1, 9), each - next + 1);
        const fails = random.next() < 0.05;
        const first = next;
        try {
          await log.dataSource.transaction(async (manager) => {
            const numbers = range(first, first + count - 1);
            await log.eventx.publish(
              manager,
              numbers.map((data) => ({ type: `writer-${writer}`, data })),
            );
            if (fails) throw new Error('changed my mind');
          });
          next += count;
        } catch (error) {
          if (!fails) throw error;
        }
      }
    }
  },
);
