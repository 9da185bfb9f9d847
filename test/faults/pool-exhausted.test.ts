import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { holdAllConnections } from '../support/faults/connections.js';
import { Lab } from '../support/faults/lab.js';

const POOL_SIZE = 2;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('G9 faults: the runner recovers after the application had used up the pool', async () => {
  const { app } = await lab.replica('anna', {
    poolSize: POOL_SIZE,
    options: { queryTimeout: 20 },
  });
  for (let round = 0; round < 5; round++) {
    await lab.passes(1);
    const release = await holdAllConnections(app.dataSource, POOL_SIZE);
    await lab.until(() => app.runner.status.failures > 2 * POOL_SIZE, 'several tries in vain');
    await release();
  }
  expect(await lab.finish()).toEqual([]);
  // All of them can still be had at once: none is lost to a try that gave up.
  const release = await holdAllConnections(app.dataSource, POOL_SIZE);
  expect(await lab.connections()).toHaveLength(POOL_SIZE);
  await release();
});
