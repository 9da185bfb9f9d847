import type { Figure } from '../figures.js';
import { interleave, perSecond } from '../interleave.js';
import { startApp } from '../lab/app.js';
import { addBacklog } from '../lab/fill.js';
import { drainFloor } from '../lab/floor.js';
import type { Lab } from '../lab/lab.js';
import { PAYLOADS, type PayloadSize, sizeName } from '../lab/payload.js';
import { receive } from '../lab/subscribe.js';
import type { Scenario } from '../scenario.js';

/** What the library's batches grow to under a backlog. */
const BATCH = 1024;
const CLASS = { 200: 100_000, 2048: 60_000 } as const;

/** A backlog appears in one commit; how fast does it come out at a subscriber? */
export const drain: Scenario = {
  letter: 'a',
  title: 'Drain a backlog to one subscriber',
  async measure(lab) {
    const figures: Figure[] = [];
    for (const bytes of PAYLOADS) figures.push(await drainOf(lab, bytes));
    return figures;
  },
};

function drainOf(lab: Lab, bytes: PayloadSize): Promise<Figure> {
  const count = lab.sizes.drain[bytes];
  return lab.withDatabases(2, async (ours, bare) => {
    const app = await startApp(ours);
    let last = 0;
    const samples = await interleave(lab.rounds, {
      floor: async () => {
        await addBacklog(bare.pool, count, bytes);
        return perSecond(() => drainFloor(bare.pool, BATCH));
      },
      eventx: async () => {
        await addBacklog(ours.pool, count, bytes);
        app.eventx.signal();
        const from = last + 1;
        last += count;
        return perSecond(() => receive(app, count, { from }));
      },
    });
    await app.close();
    return {
      scenario: 'a',
      name: `${count.toLocaleString('en')} events, ${sizeName(bytes)}`,
      unit: 'events/s',
      samples: samples.eventx,
      reference: { name: 'floor', samples: samples.floor },
      goal: { ratio: 0.85, atLeast: CLASS[bytes] },
    };
  });
}
