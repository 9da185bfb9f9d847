import { setTimeout as sleep } from 'node:timers/promises';

import type { Figure } from '../figures.js';
import type { BenchDatabase } from '../lab/database.js';
import type { Lab } from '../lab/lab.js';
import { startReplicas } from '../lab/replicas.js';
import { questions } from '../lab/status.js';
import type { Scenario } from '../scenario.js';

const WRITERS = 16;

/** Several processes on one log; each writes, sequences and follows. */
export const replicas: Scenario = {
  letter: 'i',
  title: 'Replicas',
  async measure(lab) {
    const commits: number[][] = [];
    const delivered: number[][] = [];
    const idle: number[][] = [];
    for (let round = 0; round < lab.rounds; round++) {
      for (const [index, count] of lab.sizes.replicas.entries()) {
        await lab.withDatabases(1, async (database) => {
          const sample = await measureReplicas(lab, database, count);
          (commits[index] ??= []).push(sample.commits);
          (delivered[index] ??= []).push(sample.delivered);
          (idle[index] ??= []).push(sample.idle);
        });
      }
    }
    return lab.sizes.replicas.flatMap((count, index): Figure[] => {
      const name = `${count} replica${count > 1 ? 's' : ''}`;
      return [
        {
          scenario: 'i',
          name: `${name}, ${WRITERS} writers`,
          unit: 'commits/s',
          samples: commits[index]!,
        },
        {
          scenario: 'i',
          name: `${name}: delivered to a subscriber of each`,
          unit: 'events/s',
          samples: delivered[index]!,
          reference: { name: 'one replica', samples: delivered[0]! },
          ...(count > 1 ? { goal: { ratio: 1 } } : {}),
        },
        {
          scenario: 'i',
          name: `${name}: statements of each while idle`,
          unit: 'queries/s',
          samples: idle[index]!,
          goal: { atMost: 5 },
        },
      ];
    });
  },
};

async function measureReplicas(lab: Lab, { options, pool }: BenchDatabase, count: number) {
  const { liveMs, idleMs } = lab.sizes;
  const group = await startReplicas(options, count);
  try {
    const writers = Math.max(1, Math.round(WRITERS / count));
    // Else the many processes are measured while their code is not compiled yet, and the one is not.
    const warmUp = await group.write(writers, liveMs);
    await group.received(warmUp);

    const asked = await questions(pool);
    await sleep(idleMs);
    const idle = ((await questions(pool)) - asked - 1) / count / (idleMs / 1000);

    const begin = performance.now();
    const published = await group.write(writers, liveMs);
    const commits = (published * 1000) / (performance.now() - begin);
    await group.received(warmUp + published);
    const delivered = (published * 1000) / (performance.now() - begin);
    return { commits, delivered, idle };
  } finally {
    await group.close();
  }
}
