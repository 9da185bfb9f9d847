import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { type CommandLine, parseCommandLine } from '../command-line.js';
import { startServer } from '../lab/server.js';
import { conditions } from '../report/conditions.js';
import { peerTable } from '../report/peer-table.js';
import { publishResults } from '../report/results.js';
import { SIZES } from '../sizes.js';
import { contenders, type Servers } from './contenders.js';
import { installPeers, type PeerPackages } from './install.js';
import { LOADS, type Round } from './measure.js';
import type { Contender, PeerResult } from './peer.js';
import type { RoundTask } from './round-process.js';
import { type PrivateServer, startPostgres, startRedis } from './servers.js';

/** `npm run bench:peers`. */
const commandLine = parseCommandLine(process.argv.slice(2));
const packages = installPeers();
const mariaDb = await startServer();
const postgres = orSkip(await startPostgres(), 'PostgreSQL', 'pg-boss and Graphile Worker');
const redis = orSkip(await startRedis(), 'Redis', 'BullMQ');
try {
  const before = conditions();
  const results = await measureAll(commandLine, packages, {
    mariaDbUrl: mariaDb.url(),
    postgresPort: postgres?.port ?? null,
    redisPort: redis?.port ?? null,
  });
  console.log(`\n${peerTable(results)}\n\n${before}`);
  publishResults(commandLine, { peers: { conditions: before, results } });
} finally {
  await mariaDb.stop();
  await postgres?.stop();
  await redis?.stop();
}

function orSkip(server: PrivateServer | null, what: string, who: string): PrivateServer | null {
  if (!server) process.stderr.write(`${what} is not installed here: measuring without ${who}.\n`);
  return server;
}

/** Round by round, so that all of them meet the same machine. */
async function measureAll(
  { only, size, rounds }: CommandLine,
  installed: PeerPackages,
  servers: Servers,
): Promise<PeerResult[]> {
  const all = contenders(installed, servers);
  const samples = new Map<Contender, Round[]>(
    all.filter(({ product }) => only?.has(product) ?? true).map((contender) => [contender, []]),
  );
  const count = rounds ?? SIZES[size].rounds;
  for (let round = 1; round <= count; round++) {
    for (const [contender, own] of samples) {
      process.stderr.write(`${round}/${count}  ${contender.product}, ${contender.settings} … `);
      const begin = performance.now();
      try {
        own.push(await inProcess({ servers, index: all.indexOf(contender), load: LOADS[size] }));
        process.stderr.write(`${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
      } catch (error) {
        process.stderr.write(`${String(error)}\n`);
        process.exitCode = 1;
      }
    }
  }
  return [...samples]
    .filter(([, own]) => own.length > 0)
    .map(([contender, own]) => toResult(contender, own));
}

/** Each in a fresh process: copies of TypeORM get in each other's way, and so would warm and cold code. */
async function inProcess(task: RoundTask): Promise<Round> {
  const file = fileURLToPath(new URL('./round-process.js', import.meta.url));
  const child = fork(file, [JSON.stringify(task)]);
  const answer = once(child, 'message').then(([round]) => round as Round);
  const end = once(child, 'exit').then(([code]) => String(code));
  return Promise.race([
    answer,
    end.then((code): never => {
      throw new Error(`The process of the round ended with code ${code}.`);
    }),
  ]).finally(() => end);
}

function toResult(contender: Contender, rounds: readonly Round[]): PeerResult {
  const { product, version, settings, database, transactional } = contender;
  return {
    ...{ product, version, settings, database, transactional },
    live: rounds.map(({ live }) => live),
    drain: rounds.map(({ drain }) => drain),
    p50: rounds.map(({ p50 }) => p50),
    p99: rounds.map(({ p99 }) => p99),
    duplicates: rounds.reduce((sum, { duplicates }) => sum + duplicates, 0),
    disorder: rounds.reduce((sum, { disorder }) => sum + disorder, 0),
  };
}
