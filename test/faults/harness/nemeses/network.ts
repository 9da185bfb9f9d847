import { setTimeout as delay } from 'node:timers/promises';

import { type Nemesis, pick } from './nemesis.js';

/** All connections between the application and the server are lost. */
export const cutNetwork: Nemesis = {
  name: 'cut the network',
  hurts: 'network',
  async strike({ networks }, random) {
    for (let round = random.between(1, 4); round > 0; round--) {
      networks.all.forEach((network) => network.cut());
      await delay(random.between(10, 300));
    }
  },
};

/** Everything takes its time. */
export const slowNetwork: Nemesis = {
  name: 'slow network',
  hurts: 'network',
  async strike({ networks }, random) {
    const latency = random.between(5, 80);
    networks.all.forEach((network) => (network.latency = latency));
    await delay(random.between(500, 2500));
    networks.all.forEach((network) => network.heal());
  },
};

/** Nothing gets through in one direction, while connections stay open; then it does, or they are lost. */
export const stallNetwork: Nemesis = {
  name: 'one-way network',
  hurts: 'network',
  async strike({ networks }, random) {
    const direction = pick(['to the server', 'to the clients'] as const, random);
    networks.all.forEach((network) => network.stall(direction));
    await delay(random.between(100, 2500));
    if (random.next() < 0.5) networks.all.forEach((network) => network.cut());
    networks.all.forEach((network) => network.heal());
  },
};

/** Commits happen, and nobody learns of it. */
export const loseCommits: Nemesis = {
  name: 'lost answers to COMMIT',
  hurts: 'network',
  async strike({ networks, members }, random) {
    for (let round = random.between(2, 8); round > 0; round--) {
      networks.of(pick(members.names, random)).loseAnswersToCommits(random.between(1, 3));
      await delay(random.between(20, 150));
    }
    networks.all.forEach((network) => network.heal());
  },
};

/** The database answers nothing to one member, for longer than its lease, while the others work and take over what it had. */
export const silenceMember: Nemesis = {
  name: 'silence for one member',
  hurts: 'network',
  async strike({ networks, members }, random) {
    const network = networks.of(pick(members.names, random));
    network.stall('to the server');
    network.stall('to the clients');
    await delay(random.between(1600, 4500));
    // What was on its way never arrives: no lease keeps a statement that is late from writing what another member has written by then.
    network.cut();
    network.heal();
  },
};
