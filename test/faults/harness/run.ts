import { historyViolations } from 'nestjs-eventx/testing';

import { SeededRandom } from '../../support/seeded-random.js';
import { until } from '../../support/until.js';
import { replayBank } from './bank.js';
import { Brake } from './brake.js';
import { Chaos } from './chaos.js';
import { Cluster } from './cluster.js';
import { type Collected, collect } from './collect.js';
import { CONSUMERS } from './member/settings.js';
import type { Nemesis } from './nemeses/index.js';
import { overlaps } from './overlaps.js';
import { emptyTable, restoreBackup } from './restore.js';

/** How long everything may take to recover and to get on: far more than it needs. */
const PATIENCE_MS = 120_000;

export interface RunSettings {
  readonly seconds: number;
  readonly seed: number;
  readonly nemeses: readonly Nemesis[];
  /** Told what happens next. */
  readonly progress: (what: string) => void;
}

/** What a run did and found. */
export interface RunResult extends Collected {
  /** How often each nemesis struck. */
  readonly struck: ReadonlyMap<string, number>;
  /** Commits whose answers the network lost. */
  readonly lostAnswers: number;
  /** Reads that a replica answered; null where there was none. */
  readonly staleReads: number | null;
  readonly replayed: number;
  /** Events that retention deleted while everything went on. */
  readonly deleted: number;
  /** What is wrong; empty when nothing is. */
  readonly violations: readonly string[];
}

/** One run of the harness: an application at work, nemeses, peace, and a check of all that happened. */
export async function run({ seconds, seed, nemeses, progress }: RunSettings): Promise<RunResult> {
  const random = new SeededRandom(seed);
  const cluster = await Cluster.open(seed, {
    replicated: nemeses.some(({ needs }) => needs === 'replica'),
  });
  const brake = new Brake(cluster);
  try {
    progress('starting …');
    await cluster.start();
    await brake.start();
    const chaos = new Chaos(cluster, nemeses, random, progress);
    progress(`${seconds} s of faults …`);
    await chaos.rage(seconds * 1000);

    progress('settling …');
    const failures = [...chaos.failures];
    const step = async (work: () => Promise<unknown>) => {
      await work().catch((error: Error) => failures.push(error.message));
    };
    await step(() => settle(cluster));
    await step(() => cluster.replica?.caughtUp() ?? Promise.resolve());
    // With whatever lies in the dead letters.
    const parked = historyViolations((await collect(cluster)).history);
    const deleted = await cluster.query('SELECT COUNT(*) AS n FROM archive');

    progress('an empty table …');
    await step(() => emptyTable(cluster));
    progress('dead letters …');
    const replayed = await replay(cluster);
    await step(() => settle(cluster));
    const collected = await collect(cluster);
    const { recorder } = cluster;
    const violations = [
      ...failures,
      ...[...recorder.lost].map(([name, why]) => `G4: ${name} lost its place: ${why}`),
      ...parked.map((violation) => `before the replay: ${violation}`),
      ...historyViolations(collected.history),
      ...overlaps(recorder.calls, recorder.freezes),
      ...replayBank(collected.transfers, collected.accounts),
      ...stillParked(collected),
    ];
    progress('a restored backup …');
    violations.push(...(await restoreBackup(cluster)));
    await cluster.members.stopAll();
    return {
      ...collected,
      struck: chaos.struck,
      lostAnswers: cluster.networks.lost,
      staleReads: cluster.replica?.reads ?? null,
      replayed,
      deleted: Number(deleted[0]!['n']),
      violations,
    };
  } finally {
    await brake.stop().catch(() => undefined);
    await cluster.close();
  }
}

/** Lets the writers stop, and everybody come to the end of the log. */
async function settle(cluster: Cluster): Promise<void> {
  const { members, recorder } = cluster;
  await Promise.all(members.names.map((name) => members.order(name, { order: 'settle' })));
  await until(
    async () => {
      const [row] = await cluster.query(
        'SELECT COUNT(*) AS n FROM eventx_events WHERE seq IS NULL',
      );
      return Number(row!['n']) === 0;
    },
    { what: 'every event to be numbered', timeoutMs: PATIENCE_MS },
  );
  const lastSeq = await cluster.lastSeq();
  for (const name of CONSUMERS) {
    await finished(`consumer "${name}"`, lastSeq, async () => {
      const [row] = await cluster.query('SELECT seq FROM eventx_offsets WHERE consumer = ?', [
        name,
      ]);
      return Number(row!['seq']);
    });
  }
  for (const [name, seen] of Object.entries(recorder.subscribers)) {
    await finished(name, lastSeq, () => Promise.resolve(seen.at(-1)?.seq ?? 0));
  }
}

/** Waits until somebody has come to the end of the log. How much there is to do depends on the machine: it is enough to get on. */
async function finished(who: string, lastSeq: number, position: () => Promise<number>) {
  for (let seq = 0; seq < lastSeq;) {
    const before = seq;
    await until(async () => (seq = await position()) > before, {
      what: `${who} to get on from event ${before} to ${lastSeq}`,
      timeoutMs: PATIENCE_MS,
    });
  }
}

/** Repairs what the handlers failed at, and hands out everything that was parked. @returns how many letters */
async function replay({ members }: Cluster): Promise<number> {
  await members.stopAll();
  await members.startAll({ repaired: true });
  const { replayed } = await members.order(members.names[0]!, { order: 'replay' });
  return replayed?.replayed ?? 0;
}

function stillParked({ history: { consumers = {} } }: Collected): string[] {
  return Object.entries(consumers).flatMap(([name, { parked = [] }]) =>
    parked.map((seq) => `G7: ${name} has event ${seq} in its dead letters after the replay`),
  );
}
