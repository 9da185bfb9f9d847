// Several processes on one log: what they cost while idle, what they reach under load, and how long an event takes from the commit in
// one process to its delivery in another. Prints a table each; other work on the machine shows in the figures.
//
//   node --import ./test/support/typescript/register.mjs test/bench/replicas.ts [seconds]
import 'reflect-metadata';

import { setTimeout as delay } from 'node:timers/promises';

import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';

import { MariaDbServer } from '../support/mariadb-server.mjs';
import type { ReplicaSettings } from '../support/processes/replica.js';
import { Replicas, startReplicaProcess } from '../support/processes/replicas.js';
import { LATENCY_CASES, measureLatency } from './replicas-latency.js';

const SECONDS = Number(process.argv[2] ?? 8);
const CONSUMERS = ['a', 'b', 'c', 'd'].map((name) => ({ name, transactional: true }));

/** As an application has them that sets none. */
const options = { pollInterval: 1000 };

type Settings = Omit<ReplicaSettings, 'url'>;

const server = await new MariaDbServer({ durable: true }).start();
const admin = await createConnection({ uri: server.url() });
try {
  for (const consumers of [[], CONSUMERS]) {
    console.log(`\nidle, ${consumers.length} consumers        queries/s   of each`);
    for (const count of [1, 2, 4, 8]) await idle(count, { options, consumers });
  }
  console.log('\n16 writers           commits/s   numbered/s    handled/s');
  for (const count of [1, 2, 4, 8]) await load(count);
  console.log('\ncommit to delivery in another process, ms    p50    p99    n');
  for (const [name, settings] of Object.entries(LATENCY_CASES)) {
    const { p50, p99, count } = await measureLatency(server.url(), settings, SECONDS);
    console.log(`${name.padEnd(44)} ${ms(p50)} ${ms(p99)} ${String(count).padStart(4)}`);
  }
} finally {
  await admin.end();
  await server.stop();
}

async function idle(count: number, settings: Settings): Promise<void> {
  await withReplicas(count, settings, async () => {
    await delay(2000);
    const before = await questions(admin);
    await delay(SECONDS * 1000);
    const perSecond = ((await questions(admin)) - before - 1) / SECONDS;
    console.log(
      `${replicas(count)} ${perSecond.toFixed(1).padStart(12)} ${(perSecond / count).toFixed(1).padStart(9)}`,
    );
  });
}

/** Numbered by whoever is faster, and handled by a consumer on one of them, which only follows. */
async function load(count: number): Promise<void> {
  const consumers = [{ name: 'a', writes: false }];
  const settings = { options, consumers, writers: 16 / count, restMs: 0, quiet: true };
  await withReplicas(count, settings, async (log) => {
    await delay(2000);
    const before = await progress(log);
    await delay(SECONDS * 1000);
    const after = await progress(log);
    const rates = (['commits', 'numbered', 'handled'] as const).map((name) =>
      (((after[name] - before[name]) * 1000) / (after.at - before.at)).toFixed(0).padStart(12),
    );
    console.log(`${replicas(count)}${rates.join(' ')}`);
  });
}

async function progress(log: Replicas) {
  const [row] = await log.database.query(
    'SELECT (SELECT COUNT(*) FROM eventx_events) AS events, (SELECT last_seq FROM eventx_state) AS numbered, ' +
      '(SELECT seq FROM eventx_offsets) AS handled',
  );
  return {
    at: performance.now(),
    // A transaction has one to three of them, in turn.
    commits: Number(row!['events']) / 2,
    numbered: Number(row!['numbered']),
    handled: Number(row!['handled']),
  };
}

async function withReplicas(
  count: number,
  settings: Settings,
  work: (replicas: Replicas) => Promise<void>,
): Promise<void> {
  const log = await Replicas.open(server.url());
  try {
    const { url } = log.database;
    const names = Array.from({ length: count }, (_, index) => `replica ${index}`);
    const running = await Promise.all(
      names.map(() => startReplicaProcess({ ...settings, url }, () => undefined)),
    );
    try {
      await work(log);
    } finally {
      await Promise.all(running.map((replica) => replica.kill()));
    }
  } finally {
    await log.close();
  }
}

async function questions(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row!['Value']);
}

function replicas(count: number): string {
  return `${count} replica${count > 1 ? 's' : ''}`.padEnd(20);
}

function ms(value: number): string {
  return value.toFixed(1).padStart(6);
}
