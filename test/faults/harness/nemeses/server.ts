import { setTimeout as delay } from 'node:timers/promises';

import type { Nemesis } from './nemesis.js';

/** The database dies, and comes back with what it had made durable. */
export const crashServer: Nemesis = {
  name: 'SIGKILL the server',
  hurts: 'server',
  async strike({ server }, random) {
    await server.kill();
    await delay(random.between(0, 500));
    await server.start();
  },
};

/** It is restarted as for an update. */
export const restartServer: Nemesis = {
  name: 'restart the server',
  hurts: 'server',
  strike: ({ server }) => server.restart(),
};

/** It hangs for longer than the members wait for an answer. */
export const hangServer: Nemesis = {
  name: 'SIGSTOP the server',
  hurts: 'server',
  async strike({ server }, random) {
    await server.suspend();
    await delay(random.between(200, 2500));
    await server.resume();
  },
};

/** It refuses to write for a while, as in the middle of a failover. */
export const readOnlyServer: Nemesis = {
  name: 'read_only',
  hurts: 'server',
  async strike(cluster, random) {
    await cluster.query('SET GLOBAL read_only = 1');
    await delay(random.between(100, 1500));
    await cluster.query('SET GLOBAL read_only = 0');
  },
};
