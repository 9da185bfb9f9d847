import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { holdAllConnections } from '../support/faults/connections.js';
import { Lab } from '../support/faults/lab.js';

const POOL_SIZE = 2;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('G9 faults: a runner goes on while the application has used up its pool', async () => {
  const { app } = await lab.replica('anna', { poolSize: POOL_SIZE });
  for (let round = 0; round < 5; round++) {
    await lab.passes(1);
    const release = await holdAllConnections(app.dataSource, POOL_SIZE);
    await lab.passes(5);
    expect(app.runner.status.failures).toBe(0);
    await release();
  }
  expect(await lab.finish()).toEqual([]);
});
