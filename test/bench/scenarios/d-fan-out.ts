import type { Figure } from '../figures.js';
import { startApp } from '../lab/app.js';
import { addBacklog } from '../lab/fill.js';
import type { Lab } from '../lab/lab.js';
import { questions } from '../lab/status.js';
import type { Scenario } from '../scenario.js';

/** Many subscribers at the head of the log, all of them served from memory. */
export const fanOut: Scenario = {
  letter: 'd',
  title: 'Fan out from memory',
  async measure(lab) {
    const figures: Figure[] = [];
    for (const subscribers of lab.sizes.fanOut.subscribers) {
      figures.push(...(await fanOutTo(lab, subscribers)));
    }
    return figures;
  },
};

function fanOutTo(lab: Lab, subscribers: number): Promise<Figure[]> {
  const { events } = lab.sizes.fanOut;
  return lab.withDatabases(1, async (database) => {
    const { pool } = database;
    const app = await startApp(database);
    const rate: number[] = [];
    const statements: number[] = [];
    const memory: number[] = [];
    for (let round = 0; round < lab.rounds; round++) {
      const before = heapUsed();
      const from = round * events + 1;
      const all = Array.from({ length: subscribers }, () => app.eventx.subscriber({ from }));
      // They wait before there is anything to take.
      const first = all.map((subscriber) => subscriber.fetch());
      await new Promise((resolve) => setTimeout(resolve, 10));
      memory.push((heapUsed() - before) / subscribers);
      const asked = await questions(pool);
      await addBacklog(pool, events, 200);
      const begin = performance.now();
      app.eventx.signal();
      await Promise.all(
        all.map(async (subscriber, index) => {
          let received = (await first[index]!).length;
          while (received < events) received += (await subscriber.fetch()).length;
        }),
      );
      rate.push((subscribers * events * 1000) / (performance.now() - begin));
      // Without the insert and the two questions themselves.
      statements.push((await questions(pool)) - asked - 2);
    }
    await app.close();
    const name = `${subscribers.toLocaleString('en')} subscriber${subscribers > 1 ? 's' : ''}`;
    return [
      {
        scenario: 'd',
        name,
        unit: 'deliveries/s',
        samples: rate,
        ...(subscribers === 100 ? { goal: { atLeast: 4_000_000 } } : {}),
      },
      {
        scenario: 'd',
        name: `${name}: statements for ${events.toLocaleString('en')} events`,
        unit: 'queries',
        samples: statements,
      },
      ...(subscribers >= 100
        ? [
            {
              scenario: 'd',
              name: `${name}: memory of one that waits`,
              unit: 'bytes',
              samples: memory,
            } as const,
          ]
        : []),
    ];
  });
}

/** Live objects only, where node runs with --expose-gc. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
