import { interleave } from '../interleave.js';
import { startApp } from '../lab/app.js';
import { addNumbered } from '../lab/fill.js';
import { Writers } from '../lab/writers.js';
import type { Scenario } from '../scenario.js';

const WRITERS = 16;
const CONSUMERS = 5;
/** Events that retention has to delete: more than it can meanwhile. */
const TOO_MANY = 500_000;

/** What do producers notice of retention and consumers at work? */
export const beside: Scenario = {
  letter: 'h',
  title: 'Retention and consumers at work',
  measure(lab) {
    const { liveMs } = lab.sizes;
    return lab.withDatabases(2, async (busy, unfollowed) => {
      await addNumbered(busy.pool, Math.min(TOO_MANY, lab.sizes.catchUp[200]), 200);
      const without = await startApp(unfollowed, { run: false });
      const samples = await interleave(lab.rounds, {
        alone: () => new Writers(without).flatOut(WRITERS, liveMs),
        busy: async () => {
          const app = await startApp(busy, { retention: { maxTotalEvents: 1, interval: 1000 } });
          let handled = 0;
          for (let n = 0; n < CONSUMERS; n++) {
            app.eventx.consumer({ name: `consumer-${n}`, handle: () => void handled++ });
          }
          const rate = await new Writers(app).flatOut(WRITERS, liveMs);
          await app.close();
          return rate;
        },
      });
      await without.close();
      return [
        {
          scenario: 'h',
          name: `${WRITERS} writers, ${CONSUMERS} consumers, retention`,
          unit: 'commits/s',
          samples: samples.busy,
          reference: { name: 'without eventx', samples: samples.alone },
          goal: { ratio: 0.85 },
        },
      ];
    });
  },
};
