import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';
import { type Mishap, TcpProxy } from '../support/faults/tcp-proxy.js';

const MISHAPS: readonly Mishap[] = [
  'the answer is lost',
  'the statement is lost',
  'half of the statement is lost',
];
const ROUNDS = 10;

let lab: Lab;
let proxy: TcpProxy;
beforeEach(async () => {
  lab = await Lab.open({ writers: 1 });
  proxy = await TcpProxy.to(lab.url);
});
afterEach(async () => {
  await lab.close();
  await proxy.close();
});

describe('G1 atomic: a writer that does not learn whether its COMMIT happened has published all or nothing', () => {
  test.each(MISHAPS)('when %s', async (mishap) => {
    await lab.replica('anna', { url: proxy.url, writers: ['unlucky', 'hapless'] });
    for (let round = 0; round < ROUNDS; round++) {
      await lab.passes(5);
      let happened = false;
      proxy.mishap = (statement) => {
        if (happened || !/^[^A-Z]*COMMIT/.test(statement)) return undefined;
        happened = true;
        return mishap;
      };
      await lab.until(() => happened, mishap);
    }
    expect(await lab.finish()).toEqual([]);
  });
});
