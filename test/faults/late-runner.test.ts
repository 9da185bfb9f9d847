import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';
import { STATEMENTS } from '../support/faults/replica.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';

let lab: Lab;
let proxy: TcpProxy;
beforeEach(async () => {
  lab = await Lab.open({ writers: 0 });
  proxy = await TcpProxy.to(lab.url);
});
afterEach(async () => {
  await lab.close();
  await proxy.close();
});

describe.each(STATEMENTS)(
  'G2 total order: a runner that is late gives no number a second time, with the statements for %s',
  (statements) => {
    test('not even when retention has deleted what had it', async () => {
      await lab.replica('late', { url: proxy.url, statements });
      await lab.write(3);
      await lab.reached(3);

      // It knows that the log ends at 3, and hangs just before it looks what is pending.
      let isLate = false;
      proxy.mishap = (statement) => {
        if (isLate || !/SELECT .*`id`/.test(statement)) return undefined;
        isLate = true;
        return 'the statement is late';
      };
      await lab.until(() => isLate, 'the runner to look for pending events');
      const ben = await lab.replica('ben');
      await lab.write(3);
      await lab.reached(6);
      await ben.stop();
      await lab.database.query('DELETE FROM eventx_events');
      await lab.write(1);
      proxy.release();

      await lab.reached(7);
      expect(await lab.database.query('SELECT seq FROM eventx_events')).toEqual([{ seq: 7 }]);
      expect(await lab.lastSeq()).toBe(7);
    });
  },
);
