import type { Figure } from '../figures.js';
import { startApp } from '../lab/app.js';
import type { Lab } from '../lab/lab.js';
import { type PayloadSize, sizeName } from '../lab/payload.js';
import type { Scenario } from '../scenario.js';
import { measureLive, type LiveSamples } from './live.js';

const WRITERS = [1, 4, 16] as const;
const RATES = [200, 1000] as const;

/** Producers in the same process, one event a transaction: what does it cost them that somebody follows, and how soon does he hear? */
export const live: Scenario = {
  letter: 'b',
  title: 'Producers and a subscriber in one process',
  async measure(lab) {
    const figures: Figure[] = [];
    for (const rate of RATES) figures.push(...(await paced(lab, rate)));
    for (const writers of WRITERS) figures.push(...(await flatOut(lab, writers, 200)));
    figures.push(...(await flatOut(lab, 16, 2048)));
    return figures;
  },
};

async function paced(lab: Lab, rate: (typeof RATES)[number]): Promise<Figure[]> {
  const samples = await lab.withDatabases(1, async (database) => {
    const app = await startApp(database);
    const { live } = await measureLive(app, lab.rounds, (writers) =>
      writers.paced(rate, lab.sizes.liveMs).then(() => rate),
    );
    await app.close();
    return live;
  });
  const name = `commit → delivery at ${rate}/s`;
  return latencies(name, samples, rate === 200 ? { p50: 1.5, p99: 5 } : { p99: 10 });
}

async function flatOut(lab: Lab, count: number, bytes: PayloadSize): Promise<Figure[]> {
  const { live, alone } = await lab.withDatabases(2, async (followed, unfollowed) => {
    const app = await startApp(followed);
    const without = await startApp(unfollowed, { run: false });
    const result = await measureLive(
      app,
      lab.rounds,
      (writers) => writers.flatOut(count, lab.sizes.liveMs),
      { without, bytes },
    );
    await app.close();
    await without.close();
    return result;
  });
  const name = `${count} writer${count > 1 ? 's' : ''} flat out, ${sizeName(bytes)}`;
  const p99 = count === 16 ? 50 : count === 4 ? 10 : undefined;
  return [
    {
      scenario: 'b',
      name,
      unit: 'commits/s',
      samples: live.rate,
      reference: { name: 'without eventx', samples: alone },
      ...(count === 16 ? { goal: { ratio: 0.9 } } : {}),
    },
    ...latencies(`${name}: commit → delivery`, live, p99 === undefined ? {} : { p99 }),
    {
      scenario: 'b',
      name: `${name}: not yet delivered at the end`,
      unit: 'events',
      samples: live.behind,
    },
  ];
}

function latencies(
  name: string,
  samples: LiveSamples,
  goals: { readonly p50?: number; readonly p99?: number },
): Figure[] {
  return (['p50', 'p95', 'p99'] as const).map((percentile) => {
    const goal = percentile === 'p95' ? undefined : goals[percentile];
    return {
      scenario: 'b',
      name: `${name}, ${percentile}`,
      unit: 'ms',
      samples: samples[percentile],
      ...(goal === undefined ? {} : { goal: { atMost: goal } }),
    };
  });
}
