import { setTimeout as delay } from 'node:timers/promises';

import type { Nemesis } from './nemesis.js';

/** Ends what some of the members' connections do, or the connections: runners, consumers and writers alike. */
function kill(what: 'CONNECTION' | 'QUERY'): Nemesis {
  return {
    name: `KILL ${what}`,
    hurts: 'connections',
    async strike(cluster, random) {
      for (let round = random.between(3, 12); round > 0; round--) {
        const ids = await cluster.connections();
        for (const id of ids.filter(() => random.next() < 0.4)) {
          // It may be gone by now.
          await cluster.database.query(`KILL ${what} ${id}`).catch(() => undefined);
        }
        await delay(random.between(5, 60));
      }
    },
  };
}

export const killConnections = kill('CONNECTION');
export const killQueries = kill('QUERY');
