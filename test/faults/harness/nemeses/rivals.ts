import { setTimeout as delay } from 'node:timers/promises';

import { type Connection, createConnection } from 'mysql2/promise';

import type { Cluster } from '../cluster.js';
import { type Nemesis, pick } from './nemesis.js';

/** A session that is not ours, and what it does in one transaction. */
async function rival(
  { database }: Cluster,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await createConnection(database.url);
  // It may lose its connection, or be chosen as the victim of a deadlock.
  connection.on('error', () => undefined);
  try {
    await connection.query('SET innodb_lock_wait_timeout = 2');
    await connection.query('BEGIN');
    await work(connection);
  } catch {
    // So be it.
  } finally {
    connection.destroy();
  }
}

const EVERYBODY_NEEDS = [
  'SELECT * FROM eventx_state FOR UPDATE',
  'SELECT * FROM eventx_offsets FOR UPDATE',
  'SELECT * FROM accounts WHERE id < 5 FOR UPDATE',
  'SELECT id FROM eventx_events FORCE INDEX (PRIMARY) ORDER BY id DESC LIMIT 20 FOR UPDATE',
  'SELECT id FROM eventx_events FORCE INDEX (uq_eventx_events_seq) WHERE seq IS NULL FOR UPDATE',
];

/** Somebody holds on to rows that everybody needs. */
export const holdLocks: Nemesis = {
  name: 'lock waits',
  hurts: 'rows',
  strike: (cluster, random) =>
    rival(cluster, async (connection) => {
      await connection.query(pick(EVERYBODY_NEEDS, random));
      await delay(random.between(100, 1500));
    }),
};

/** What locks in one order what we lock in the other. */
const CROSSED = [
  [
    'SELECT id FROM eventx_events FORCE INDEX (PRIMARY) ORDER BY id DESC LIMIT 5 FOR UPDATE',
    'SELECT * FROM eventx_state FOR UPDATE',
  ],
  [
    "UPDATE eventx_offsets SET last_error = last_error WHERE consumer = 'parks'",
    "UPDATE eventx_offsets SET last_error = last_error WHERE consumer = 'lanes'",
    "UPDATE eventx_offsets SET last_error = last_error WHERE consumer = 'ledger'",
  ],
  [
    'UPDATE accounts SET balance = balance WHERE id = 8',
    'UPDATE accounts SET balance = balance WHERE id = 4',
    'UPDATE accounts SET balance = balance WHERE id = 1',
  ],
];

/** Somebody takes locks in the wrong order. */
export const provokeDeadlocks: Nemesis = {
  name: 'deadlocks',
  hurts: 'rows',
  async strike(cluster, random) {
    for (let round = random.between(5, 20); round > 0; round--) {
      await rival(cluster, async (connection) => {
        for (const sql of pick(CROSSED, random)) {
          await connection.query(sql);
          await delay(random.between(1, 30));
        }
      });
    }
  },
};
