import { setTimeout as delay } from 'node:timers/promises';

import { type Nemesis, pick } from './nemesis.js';

/** All connections between the application and the server are lost. */
export const cutNetwork: Nemesis = {
  name: 'cut the network',
  hurts: 'network',
  async strike({ network }, random) {
    for (let round = random.between(1, 4); round > 0; round--) {
      network.cut();
      await delay(random.between(10, 300));
    }
  },
};

/** Everything takes its time. */
export const slowNetwork: Nemesis = {
  name: 'slow network',
  hurts: 'network',
  async strike({ network }, random) {
    network.latency = random.between(5, 80);
    await delay(random.between(500, 2500));
    network.heal();
  },
};

/** Nothing gets through in one direction, while connections stay open; then it does, or they are lost. */
export const stallNetwork: Nemesis = {
  name: 'one-way network',
  hurts: 'network',
  async strike({ network }, random) {
    network.stall(pick(['to the server', 'to the clients'], random));
    await delay(random.between(100, 2500));
    if (random.next() < 0.5) network.cut();
    network.heal();
  },
};

/** Commits happen, and nobody learns of it. */
export const loseCommits: Nemesis = {
  name: 'lost answers to COMMIT',
  hurts: 'network',
  async strike({ network }, random) {
    for (let round = random.between(2, 8); round > 0; round--) {
      network.loseAnswersToCommits(random.between(1, 3));
      await delay(random.between(20, 150));
    }
    network.heal();
  },
};
