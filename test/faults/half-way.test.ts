import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';

import { Lab } from '../support/faults/lab.js';
import { type Replica, STATEMENTS, type Statements } from '../support/faults/replica.js';
import { MariaDbServer } from '../support/mariadb-server.mjs';

const server = new MariaDbServer({ flags: ['--innodb-lock-wait-timeout=1'] });
let lab: Lab;
let rival: Connection;
let anna: Replica;

beforeAll(async () => {
  await server.start();
}, 120_000);
afterAll(() => server.stop());

beforeEach(async () => {
  lab = await Lab.open({ serverUrl: server.url(), writers: 0 });
  rival = await createConnection({ uri: lab.database.url });
  await rival.query('CREATE TABLE heavy (id INT AUTO_INCREMENT PRIMARY KEY)');
  await rival.query('BEGIN');
});
afterEach(async () => {
  rival.destroy();
  await lab.close();
});

/** Numbering has moved the state row on, and waits for one of the events, which a rival has locked. */
async function stickHalfWay(statements: Statements, queryTimeout?: number): Promise<void> {
  await lab.write(5);
  await rival.query('SELECT id FROM eventx_events WHERE id = 3 FOR UPDATE');
  anna = await lab.replica('anna', {
    statements,
    options: { ...(queryTimeout && { queryTimeout }) },
  });
  await lab.until(async () => (await lab.waiting()).length > 0, 'the runner to be stuck');
  expect(await lab.lastSeq()).toBe(0);
}

function failed(reason: RegExp): Promise<void> {
  const { runner } = anna.app;
  return lab.until(() => reason.test(runner.status.lastError ?? ''), `an error ${reason}`);
}

describe.each(STATEMENTS)(
  'G2 total order: numbering fails half-way, with the statements for %s',
  (statements) => {
    test.each(['QUERY', 'CONNECTION'] as const)('KILL %s', async (what) => {
      await stickHalfWay(statements);
      const [stuck] = await lab.waiting();
      await lab.kill(what, [stuck!]);
      await failed(/interrupted|lost|closed/i);
      // Sometimes its transaction is still open.
      const isGone = async () => !(await lab.connections()).includes(stuck!);
      await lab.until(isGone, 'the connection to leave the pool');
      await rival.rollback();
      expect(await lab.finish()).toEqual([]);
    });

    test('a lock wait that takes too long', async () => {
      await stickHalfWay(statements);
      await failed(/lock wait timeout/i);
      await rival.rollback();
      expect(await lab.finish()).toEqual([]);
    });

    test('a deadlock', async () => {
      await rival.query(`INSERT INTO heavy VALUES ${Array<string>(500).fill('(NULL)').join()}`);
      await stickHalfWay(statements);
      // The lighter one has to give way.
      await rival.query('SELECT last_seq FROM eventx_state FOR UPDATE');
      await failed(/deadlock/i);
      await rival.rollback();
      expect(await lab.finish()).toEqual([]);
    });

    test('a runner that has given up, whose statement succeeds later', async () => {
      await stickHalfWay(statements, 50);
      await failed(/did not answer/);
      await lab.until(() => anna.app.runner.status.failures >= 3, 'more tries');
      await rival.rollback();
      expect(await lab.finish()).toEqual([]);
    });
  },
);
