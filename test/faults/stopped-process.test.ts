import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';

const ROUNDS = 25;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('G6 any replica: a process that hangs (SIGSTOP) while numbering blocks nobody, and goes on correctly', async () => {
  const options = { pollInterval: 1 };
  const [anna, ben] = await Promise.all([
    lab.process('anna', { options }),
    lab.process('ben', { options }),
  ]);
  for (let round = 0; round < ROUNDS; round++) {
    const [name, hung] = round % 2 ? (['anna', anna] as const) : (['ben', ben] as const);
    hung.suspend();
    // More than one batch: the other one numbers it.
    await lab.passes(3);
    await lab.passes(3);
    const seen = lab.seen(name).length;
    hung.resume();
    await lab.until(() => lab.seen(name).length > seen, `${name} to go on`);
  }
  expect(await lab.finish()).toEqual([]);
  await Promise.all([anna.stop(), ben.stop()]);
});
