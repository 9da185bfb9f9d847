import { payload } from '../lab/payload.js';
import type { PeerPackages } from './install.js';
import type { Contender, Peer } from './peer.js';
import { createPgDatabase, inPgTransaction } from './postgres.js';

/** The parts of its API that are used here. */
interface GraphileWorker {
  run(options: object): Promise<{ stop(): Promise<void> }>;
  runMigrations(options: object): Promise<void>;
  Logger: new (factory: () => () => void) => object;
}

/** Graphile Worker, publishing with its SQL function `add_job`. It is woken by NOTIFY. */
export function graphileContenders(packages: PeerPackages, port: number): Contender[] {
  const contender = (settings: string, concurrency?: number): Contender => ({
    product: 'Graphile Worker',
    version: packages.version('graphile-worker'),
    settings,
    database: 'PostgreSQL',
    transactional: true,
    start: () => start(packages, port, concurrency),
  });
  return [contender('defaults'), contender('concurrency 24', 24)];
}

async function start(
  packages: PeerPackages,
  port: number,
  concurrency: number | undefined,
): Promise<Peer> {
  const database = await createPgDatabase(packages, port);
  const { pool } = database;
  const worker = packages.load('graphile-worker') as GraphileWorker;
  const logger = new worker.Logger(() => () => undefined);
  await worker.runMigrations({ pgPool: pool, logger });
  const data = payload(200);
  let runner: { stop(): Promise<void> } | undefined;
  return {
    publish: (n) =>
      inPgTransaction(pool, (client) =>
        client.query("SELECT graphile_worker.add_job('order', payload := $1::json)", [
          JSON.stringify({ n, ...data }),
        ]),
      ),
    async consume(handle) {
      runner = await worker.run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        ...(concurrency === undefined ? {} : { concurrency }),
        taskList: { order: ({ n }: { n: number }) => handle(n) },
      });
    },
    async close() {
      await runner?.stop();
      await database.close();
    },
  };
}
