import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';
import { STATEMENTS } from '../support/faults/replica.js';

const ROUNDS = 80;
/** Never at rest, so that most are hit in the middle of something. */
const options = { pollInterval: 1 };

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

describe.each(STATEMENTS)(
  'G9 faults: the runner loses its connections again and again, with the statements for %s',
  (statements) => {
    test.each(['CONNECTION', 'QUERY'] as const)('KILL %s', async (what) => {
      const { app } = await lab.replica('anna', { poolSize: 3, statements, options });
      for (let round = 0; round < ROUNDS; round++) {
        await lab.kill(what);
        await lab.passes(1);
      }
      expect(await lab.finish()).toEqual([]);
      await lab.recovered(app.runner);
    });
  },
);
