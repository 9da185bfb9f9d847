import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { type Action, Chaos, type TakeOver } from '../../support/processes/chaos.js';
import { Growth } from '../../support/processes/growth.js';
import { Replicas } from '../../support/processes/replicas.js';
import { SeededRandom } from '../../support/seeded-random.js';
import { range } from '../../support/stored-events.js';

/** By hand: EVENTX_CHAOS_SECONDS=60 EVENTX_CHAOS_SEED=7 npm test -- test/faults/replicas */
const SECONDS = Number(process.env['EVENTX_CHAOS_SECONDS'] ?? 15);
const SEED = Number(process.env['EVENTX_CHAOS_SEED'] ?? 1);

const EXACTLY_ONCE = ['ledger', 'stock', 'bills', 'lanes'];
const AT_LEAST_ONCE = ['mails', 'hooks'];
const CONSUMERS = [
  ...EXACTLY_ONCE.map((name) => ({
    name,
    transactional: true,
    concurrency: name === 'lanes' ? 4 : 1,
  })),
  ...AT_LEAST_ONCE.map((name) => ({ name })),
];
const SETTINGS = {
  options: { pollInterval: 200, consumers: { lease: 2000 } },
  consumers: CONSUMERS,
  writers: 2,
  restMs: 40,
};

let replicas: Replicas;
beforeEach(async () => {
  replicas = await Replicas.open();
});
afterEach(() => replicas.close());

test(
  `G6 any replica: four of them under load, killed, hung and restarted for ${SECONDS} s (seed ${SEED})`,
  async () => {
    const names = ['anna', 'ben', 'carl', 'dora'];
    const chaos = new Chaos(replicas, names, SETTINGS, new SeededRandom(SEED));
    await chaos.start();
    const growth = new Growth(() => replicas.lastSeq(), 20);
    await chaos.rage(SECONDS * 1000);
    await growth.stop();
    await chaos.stop();

    await replicas.start('the last', { ...SETTINGS, writers: 0 });
    await replicas.until(everythingIsNumbered, 'every event to be numbered', 60_000);
    const lastSeq = await replicas.lastSeq();
    for (const { name } of CONSUMERS) {
      const isDone = async () => (await replicas.offset(name)).seq === lastSeq;
      await replicas.until(isDone, `${name} to finish`, 120_000);
    }
    tell(chaos, growth, lastSeq);

    const log = await replicas.database.query('SELECT seq, uuid FROM eventx_events ORDER BY seq');
    expect(log.map(({ seq }) => Number(seq))).toEqual(range(1, lastSeq));
    const uuids = log.map(({ uuid }) => String(uuid));
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(acknowledgedAndMissing(uuids)).toEqual([]);
    expect(uuids.filter((uuid) => !replicas.written.has(uuid))).toEqual([]);

    for (const name of EXACTLY_ONCE) {
      const effects = await effectsOf(name);
      // Lanes work beside each other.
      if (name === 'lanes') effects.sort((a, b) => a.seq - b.seq);
      expect(effects.map(({ seq }) => seq)).toEqual(range(1, lastSeq));
      expect(effects.map(({ uuid }) => uuid)).toEqual(uuids);
    }
    for (const name of AT_LEAST_ONCE) {
      const effects = await effectsOf(name);
      expect([...new Set(effects.map(({ seq }) => seq))].sort((a, b) => a - b)).toEqual(
        range(1, lastSeq),
      );
      expect(effects.filter(({ seq, uuid }) => uuids[seq - 1] !== uuid)).toEqual([]);
    }
  },
  (SECONDS + 240) * 1000,
);

async function everythingIsNumbered(): Promise<boolean> {
  const [row] = await replicas.database.query(
    'SELECT COUNT(*) AS n FROM eventx_events WHERE seq IS NULL',
  );
  return Number(row?.['n']) === 0;
}

function acknowledgedAndMissing(uuids: readonly string[]): string[] {
  const stored = new Set(uuids);
  return [...replicas.written]
    .filter(([uuid, committed]) => committed && !stored.has(uuid))
    .map(([uuid]) => uuid);
}

async function effectsOf(consumer: string): Promise<{ seq: number; uuid: string }[]> {
  const rows = await replicas.database.query(
    'SELECT seq, uuid FROM effects WHERE consumer = ? ORDER BY id',
    [consumer],
  );
  return rows.map(({ seq, uuid }) => ({ seq: Number(seq), uuid: String(uuid) }));
}

/** What happened, for whoever wants to know: nothing of it is asserted. */
function tell(chaos: Chaos, growth: Growth, lastSeq: number): void {
  const took = Object.entries(groupByAction(chaos.takeOvers())).map(
    ([action, times]) => `${action} ${summary(times)}`,
  );
  const counts = (['SIGKILL', 'SIGSTOP', 'restart'] as const).map(
    (action) => `${chaos.actions.filter((done) => done.action === action).length} ${action}`,
  );
  process.stderr.write(
    `Four replicas, seed ${SEED}, ${SECONDS} s: ${counts.join(', ')}; ${lastSeq} events.\n` +
      `  Take-over of a consumer, ms: ${took.join('; ')}.\n` +
      `  Longest time in which nobody numbered: ${Math.round(Math.max(...growth.pauses))} ms.\n`,
  );
}

function groupByAction(takeOvers: readonly TakeOver[]): Partial<Record<Action, number[]>> {
  const times: Partial<Record<Action, number[]>> = {};
  for (const { action, ms } of takeOvers) (times[action] ??= []).push(ms);
  return times;
}

function summary(times: number[]): string {
  times.sort((a, b) => a - b);
  return `${times.length} times, median ${times[times.length >> 1]}, most ${times.at(-1)}`;
}
