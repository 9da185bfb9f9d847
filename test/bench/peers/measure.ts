import { setTimeout as sleep } from 'node:timers/promises';

import { Journal } from './journal.js';
import type { Contender, Peer, PeerResult } from './peer.js';

/** What each contender is asked to do. */
export interface PeerLoad {
  /** Transactions open at the same time, each publishing one event. */
  readonly writers: number;
  /** Events that wait when handling begins, and as many again while it goes on. */
  readonly events: number;
  /** Then so many a second, for the latency. */
  readonly pacedRate: number;
  readonly pacedMs: number;
  /** How long to wait for the last event of each part; after that, what has come counts. */
  readonly patienceMs: number;
}

export const LOADS = {
  tiny: { writers: 4, events: 30, pacedRate: 100, pacedMs: 100, patienceMs: 3000 },
  usual: { writers: 16, events: 4000, pacedRate: 100, pacedMs: 5000, patienceMs: 40_000 },
  full: { writers: 16, events: 20_000, pacedRate: 100, pacedMs: 20_000, patienceMs: 90_000 },
} as const satisfies Record<string, PeerLoad>;

export type Round = Pick<PeerResult, 'duplicates' | 'disorder'> &
  Record<'live' | 'drain' | 'p50' | 'p99', number>;

/** Measures a contender once, twice from an empty database on. */
export async function measureRound(contender: Contender, load: PeerLoad): Promise<Round> {
  const slow = await measurePaced(contender, load);
  const fast = await measureFast(contender, load);
  return {
    ...slow,
    ...fast,
    duplicates: slow.duplicates + fast.duplicates,
    disorder: slow.disorder + fast.disorder,
  };
}

async function measurePaced(contender: Contender, load: PeerLoad) {
  const peer = await contender.start();
  const journal = new Journal();
  await peer.consume((n) => journal.handle(n));
  await handled(journal, await publishPaced(peer, journal, load), load.patienceMs);
  const { duplicates, disorder } = journal;
  const [p50, p99] = [journal.latency(50), journal.latency(99)];
  await peer.close();
  return { p50, p99, duplicates, disorder };
}

async function measureFast(contender: Contender, load: PeerLoad) {
  const peer = await contender.start();
  const journal = new Journal();
  await publishAll(peer, journal, load);
  await peer.consume((n) => journal.handle(n));
  const drained = await handled(journal, load.events, load.patienceMs);
  const drain = journal.rateOfHandling;
  let live = drain;
  if (drained) {
    const before = journal.count;
    const begin = performance.now();
    await publishAll(peer, journal, load);
    await handled(journal, 2 * load.events, load.patienceMs);
    live = ((journal.count - before) * 1000) / (performance.now() - begin);
  }
  const { duplicates, disorder } = journal;
  await peer.close();
  return { live, drain, duplicates, disorder };
}

async function publishAll(peer: Peer, journal: Journal, { writers, events }: PeerLoad) {
  let left = events;
  const write = async () => {
    while (left-- > 0) await publish(peer, journal);
  };
  await Promise.all(Array.from({ length: writers }, write));
}

async function publishPaced(peer: Peer, journal: Journal, { pacedRate, pacedMs }: PeerLoad) {
  const begin = performance.now();
  const total = Math.round((pacedRate * pacedMs) / 1000);
  const under: Promise<void>[] = [];
  while (under.length < total) {
    const due = Math.min(total, ((performance.now() - begin) * pacedRate) / 1000);
    while (under.length < due) under.push(publish(peer, journal));
    await sleep(1);
  }
  await Promise.all(under);
  return total;
}

async function publish(peer: Peer, journal: Journal): Promise<void> {
  const n = journal.begin();
  await peer.publish(n);
  journal.commit(n);
}

/** Waits until so many are handled, or for as long as it may take. @returns whether they are */
async function handled(journal: Journal, count: number, patienceMs: number): Promise<boolean> {
  const begin = performance.now();
  while (journal.count < count) {
    if (performance.now() - begin > patienceMs) return false;
    await sleep(2);
  }
  return true;
}
