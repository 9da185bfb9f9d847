import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';
import { STATEMENTS, type Statements } from '../support/faults/replica.js';
import { type Mishap, TcpProxy } from '../support/faults/tcp-proxy.js';

/** The statement that makes numbers durable. */
const DECIDING: Record<Statements, RegExp> = {
  mariadb: /BEGIN NOT ATOMIC/,
  mysql: /^[^A-Z]*COMMIT/,
};
const MISHAPS: readonly Mishap[] = [
  'the answer is lost',
  'the answer never comes',
  'the statement is lost',
  'half of the statement is lost',
  'half of the statement never comes',
];
const ROUNDS = 6;

let lab: Lab;
let proxy: TcpProxy;
beforeEach(async () => {
  lab = await Lab.open();
  proxy = await TcpProxy.to(lab.url);
});
afterEach(async () => {
  await lab.close();
  await proxy.close();
});

describe.each(STATEMENTS)(
  'G9 faults: an ambiguous commit, with the statements for %s',
  (statements) => {
    test.each(MISHAPS)('when %s', async (mishap) => {
      const options = { queryTimeout: 200 };
      const { app } = await lab.replica('anna', { url: proxy.url, options, statements });
      for (let round = 0; round < ROUNDS; round++) {
        await lab.passes(5);
        let happened = false;
        proxy.mishap = (statement) => {
          if (happened || !DECIDING[statements].test(statement)) return undefined;
          happened = true;
          return mishap;
        };
        await lab.until(() => happened, mishap);
      }
      expect(await lab.finish()).toEqual([]);
      await lab.recovered(app.runner);
    });
  },
);
