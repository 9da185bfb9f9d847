import type { Figure } from '../figures.js';
import { interleave, perSecond } from '../interleave.js';
import { startApp } from '../lab/app.js';
import { addNumbered } from '../lab/fill.js';
import { catchUpFloor } from '../lab/floor.js';
import type { Lab } from '../lab/lab.js';
import { PAYLOADS, type PayloadSize, sizeName } from '../lab/payload.js';
import { receive } from '../lab/subscribe.js';
import type { Scenario } from '../scenario.js';

const BATCHES = [16, 256, 1024] as const;

/** A subscriber reads a long log from its first event on. */
export const catchUp: Scenario = {
  letter: 'c',
  title: 'Catch up from the first event',
  async measure(lab) {
    const figures: Figure[] = [];
    for (const bytes of PAYLOADS) figures.push(...(await catchUpOf(lab, bytes)));
    return figures;
  },
};

function catchUpOf(lab: Lab, bytes: PayloadSize): Promise<Figure[]> {
  const count = lab.sizes.catchUp[bytes];
  return lab.withDatabases(1, async (database) => {
    const { pool } = database;
    await addNumbered(pool, count, bytes);
    const app = await startApp(database);
    const figures: Figure[] = [];
    for (const batch of BATCHES) {
      const samples = await interleave(lab.rounds, {
        floor: () => perSecond(() => catchUpFloor(pool, count, batch)),
        eventx: () => perSecond(() => receive(app, count, { from: 1, fetchLimit: batch })),
      });
      figures.push({
        scenario: 'c',
        name: `${count.toLocaleString('en')} events, ${sizeName(bytes)}, batches of ${batch}`,
        unit: 'events/s',
        samples: samples.eventx,
        reference: { name: 'floor', samples: samples.floor },
        ...(batch === 256
          ? { goal: bytes === 200 ? { ratio: 0.8, atLeast: 300_000 } : { ratio: 0.8 } }
          : {}),
      });
    }
    await app.close();
    return figures;
  });
}
