import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';

import { Lab } from '../support/faults/lab.js';
import { STATEMENTS } from '../support/faults/replica.js';

let lab: Lab;
let rival: Connection;
beforeEach(async () => {
  lab = await Lab.open();
  rival = await createConnection({ uri: lab.database.url });
});
afterEach(async () => {
  rival.destroy();
  await lab.close();
});

describe.each(STATEMENTS)(
  'G9 faults: a rival locks the state row for a moment, with the statements for %s',
  (statements) => {
    test('again and again', async () => {
      const { app } = await lab.replica('anna', { statements, options: { queryTimeout: 50 } });
      for (let round = 0; round < 10; round++) {
        await lab.passes(1);
        await rival.query('BEGIN');
        await rival.query('SELECT last_seq FROM eventx_state FOR UPDATE');
        // Every second time for so long that the runner gives up.
        if (round % 2) await lab.until(() => app.runner.status.failures > 0, 'an error');
        await rival.query('ROLLBACK');
      }
      expect(await lab.finish()).toEqual([]);
      await lab.recovered(app.runner);
    });
  },
);
