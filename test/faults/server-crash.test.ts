import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';

const ROUNDS = 4;

const server = new MariaDbServer({ durable: true });
let lab: Lab;
beforeAll(async () => {
  await server.start();
}, 120_000);
afterAll(() => server.stop());

beforeEach(async () => {
  lab = await Lab.open({ serverUrl: server.url() });
});
afterEach(() => lab.close());

describe('G9 faults: the database goes down in the middle of everything, and comes back', () => {
  test('SIGKILL, then a restart in good order, with two replicas', async () => {
    const anna = await lab.replica('anna');
    const ben = await lab.replica('ben', { statements: 'mysql' });
    for (let round = 0; round < ROUNDS; round++) {
      await lab.passes(20);
      if (round % 2 === 0) {
        await server.kill();
        await lab.until(() => anna.app.runner.status.failures > 1, 'the runner to notice');
        await server.start();
      } else {
        await server.restart();
      }
    }
    await lab.passes(20);
    expect(await lab.finish()).toEqual([]);
    for (const { app } of [anna, ben]) await lab.recovered(app.runner);
  });
});
