import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { holdAllConnections } from '../support/faults/connections.js';
import { Lab } from '../support/faults/lab.js';
import { STATEMENTS } from '../support/faults/replica.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';

const POOL_SIZE = 2;
const ROUNDS = 3;

const server = new MariaDbServer();
let lab: Lab;
beforeAll(async () => {
  await server.start();
}, 120_000);
afterAll(() => server.stop());

beforeEach(async () => {
  lab = await Lab.open({ serverUrl: server.url() });
});
afterEach(async () => {
  await server.resume();
  await lab.close();
});

describe.each(STATEMENTS)(
  'G9 faults: the database hangs (SIGSTOP) for longer than queryTimeout, with the statements for %s',
  (statements) => {
    test('the runner recovers, and its pool of two has both connections', async () => {
      const { app } = await lab.replica('anna', {
        poolSize: POOL_SIZE,
        statements,
        options: { queryTimeout: 50 },
      });
      for (let round = 0; round < ROUNDS; round++) {
        await lab.passes(1);
        await server.suspend();
        // More tries than the pool has connections. That this loop sees them shows that nothing blocks the event loop.
        await lab.until(() => app.runner.status.failures > 2 * POOL_SIZE, 'several tries in vain');
        await server.resume();
      }
      expect(await lab.finish()).toEqual([]);
      const release = await holdAllConnections(app.dataSource, POOL_SIZE);
      await release();
    });
  },
);
