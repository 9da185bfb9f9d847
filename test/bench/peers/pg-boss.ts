import { payload } from '../lab/payload.js';
import type { PeerPackages } from './install.js';
import type { Contender, Peer } from './peer.js';
import { createPgDatabase, inPgTransaction } from './postgres.js';

interface Job {
  readonly id: string;
  readonly data: { readonly n: number };
}

/** The parts of its API that are used here. */
interface Boss {
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): void;
  createQueue(name: string): Promise<void>;
  send(name: string, data: object, options: object): Promise<unknown>;
  work(name: string, options: object, handler: (jobs: Job[]) => Promise<void>): Promise<unknown>;
  fetch(name: string, options: object): Promise<Job[]>;
  complete(name: string, ids: string[]): Promise<unknown>;
}
type BossClass = new (options: object) => Boss;

const QUEUE = 'orders';

type Consume = (boss: Boss, handle: (n: number) => void, closing: AbortSignal) => Promise<unknown>;

/** pg-boss, publishing through the transaction's connection. */
export function pgBossContenders(packages: PeerPackages, port: number): Contender[] {
  const contender = (settings: string, consume: Consume): Contender => ({
    product: 'pg-boss',
    version: packages.version('pg-boss'),
    settings,
    database: 'PostgreSQL',
    transactional: true,
    start: () => start(packages, port, consume),
  });
  return [
    contender('defaults', (boss, handle) => work(boss, {}, handle)),
    contender('poll 0.5 s, batches of 1,000', (boss, handle) =>
      work(boss, { pollingIntervalSeconds: 0.5, batchSize: 1000 }, handle),
    ),
    contender('own fetch loop, batches of 1,000', fetchLoop),
  ];
}

function work(boss: Boss, options: object, handle: (n: number) => void): Promise<unknown> {
  return boss.work(QUEUE, options, (jobs) => {
    for (const { data } of jobs) handle(data.n);
    return Promise.resolve();
  });
}

/** Without the wait between two polls of a worker: its `fetch` and `complete`, 5 ms apart when there was nothing. */
function fetchLoop(boss: Boss, handle: (n: number) => void, closing: AbortSignal): Promise<void> {
  void (async () => {
    while (!closing.aborted) {
      const jobs = await boss.fetch(QUEUE, { batchSize: 1000 });
      for (const { data } of jobs) handle(data.n);
      if (jobs.length > 0)
        await boss.complete(
          QUEUE,
          jobs.map(({ id }) => id),
        );
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })().catch((error: unknown) => {
    if (!closing.aborted) throw error;
  });
  return Promise.resolve();
}

async function start(packages: PeerPackages, port: number, consume: Consume): Promise<Peer> {
  const database = await createPgDatabase(packages, port);
  const loaded = packages.load('pg-boss') as BossClass | { PgBoss: BossClass };
  const PgBoss = typeof loaded === 'function' ? loaded : loaded.PgBoss;
  const boss = new PgBoss({ connectionString: database.url });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  const data = payload(200);
  const closing = new AbortController();
  return {
    publish: (n) =>
      inPgTransaction(database.pool, (client) => {
        const db = { executeSql: client.query.bind(client) };
        return boss.send(QUEUE, { n, ...data }, { db });
      }),
    async consume(handle) {
      await consume(boss, handle, closing.signal);
    },
    async close() {
      closing.abort();
      await boss.stop({ graceful: true, wait: true });
      await database.close();
    },
  };
}
