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
