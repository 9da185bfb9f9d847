import { setTimeout as delay } from 'node:timers/promises';

import { type Nemesis, pick } from './nemesis.js';

const DAY = 86_400_000;

/** The application takes every connection of its pool and holds on to it. */
export const exhaustPool: Nemesis = {
  name: 'exhausted pool',
  hurts: 'processes',
  async strike({ members }, random) {
    const ms = random.between(200, 2500);
    await members.order(pick(members.names, random), { order: 'exhaust', ms });
  },
};

/** Whatever it is that handlers call: it does not answer, for longer than a lease. They hold on to their transactions, and to the pool. */
export const hangHandlers: Nemesis = {
  name: 'hung handlers',
  hurts: 'processes',
  async strike({ members }, random) {
    const ms = random.between(1600, 4000);
    await Promise.all(members.names.map((name) => members.order(name, { order: 'hang', ms })));
  },
};

/** The application closes its data source and opens it again, while everybody is at work. */
export const initializeAgain: Nemesis = {
  name: 'data source initialized again',
  hurts: 'processes',
  async strike({ members }, random) {
    const ms = random.between(0, 500);
    await members.order(pick(members.names, random), { order: 'initialize again', ms });
  },
};

/** What is done in a transaction that nobody ends. */
const FORGOTTEN = [
  'SELECT COUNT(*) FROM eventx_events',
  'SELECT * FROM eventx_state',
  'INSERT INTO notes VALUES ()',
  'SELECT * FROM accounts WHERE id = 3 FOR UPDATE',
];

/**
 * The application gives connections back to its pool with a transaction open. What next begins a transaction there ends it unawares; what
 * nobody met is ended here.
 */
export const leakTransaction: Nemesis = {
  name: 'leaked transactions',
  hurts: 'processes',
  async strike(cluster, random) {
    const { members, database } = cluster;
    const name = pick(members.names, random);
    const ids: number[] = [];
    for (let round = random.between(1, 6); round > 0; round--) {
      const { leaked = [] } = await members.order(name, {
        order: 'leak',
        connections: random.between(1, 8),
        work: pick(FORGOTTEN, random),
      });
      ids.push(...leaked);
      await delay(random.between(50, 600));
    }
    for (const id of ids) await database.query(`KILL CONNECTION ${id}`).catch(() => undefined);
  },
};

/** The clock of a process jumps, there and back again. */
export const jumpClock: Nemesis = {
  name: 'clock jumps',
  hurts: 'processes',
  async strike({ members }, random) {
    const name = pick(members.names, random);
    await members.order(name, { order: 'clock', ms: random.between(-400, 400) * DAY });
    await delay(random.between(200, 2000));
    await members.order(name, { order: 'clock', ms: 0 });
  },
};
