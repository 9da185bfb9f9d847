import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventxEventEntity } from 'nestjs-eventx';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { SeededRandom } from '../support/seeded-random.js';
import { range, seqsOf } from '../support/stored-events.js';

interface Transaction {
  /** Moments, counted: before it began and after its commit was acknowledged. */
  readonly began: number;
  readonly committed: number;
  readonly uuids: readonly string[];
}

describe.each(DATABASES)('G3 causal: transactions of many writers at once on %s', (database) => {
  let log: TestApp;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());

  test('the order never contradicts what happened before what, and keeps each transaction’s own', async () => {
    const random = new SeededRandom(3);
    const transactions: Transaction[] = [];
    let moment = 0;

    /** Some events are inserted at once, as entities, so that ids and commits are in different orders. */
    async function write(): Promise<void> {
      const began = moment++;
      const uuids: string[] = [];
      await log.dataSource.transaction(async (manager) => {
        for (let count = random.between(0, 2); count > 0; count--) {
          const event = { type: 'entity', data: Buffer.from('0') };
          const saved = await manager.save(Object.assign(new EventxEventEntity(), event));
          uuids.push(saved.uuid);
        }
        for (let turns = random.between(0, 5); turns > 0; turns--) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        const inputs = range(1, random.between(1, 3)).map(() => ({ type: 'published' }));
        uuids.push(...(await log.eventx.publish(manager, inputs)).map(({ uuid }) => uuid));
      });
      transactions.push({ began, committed: moment++, uuids });
    }
    await Promise.all(
      range(1, 12).map(async () => {
        for (let times = 0; times < 15; times++) await write();
      }),
    );

    const count = transactions.reduce((sum, { uuids }) => sum + uuids.length, 0);
    const events = await take(log.eventx.subscriber({ from: 1 }), count);
    expect(seqsOf(events)).toEqual(range(1, count));
    const places = new Map(events.map(({ uuid, seq }) => [uuid, seq]));
    const placed = transactions.map(({ began, committed, uuids }) => {
      const seqs = uuids.map((uuid) => places.get(uuid)!);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      return { began, committed, first: seqs[0]!, last: seqs.at(-1)! };
    });
    for (const earlier of placed) {
      const overtakers = placed.filter(
        (later) => earlier.committed < later.began && later.first < earlier.last,
      );
      expect(overtakers).toEqual([]);
    }
  });
});
