import { payload } from '../lab/payload.js';
import type { PeerPackages } from './install.js';
import type { Contender, Peer } from './peer.js';

interface Closable {
  close(): Promise<void>;
}

/** The parts of its API that are used here. */
interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => Closable & { add(name: string, data: object, options: object): Promise<unknown> };
  Worker: new (
    name: string,
    handle: (job: { data: { n: number } }) => Promise<void>,
    options: object,
  ) => Closable;
}

let made = 0;

/** BullMQ on Redis. No transaction: an event and the application's rows can go separate ways. The ceiling that people know. */
export function bullMqContenders(packages: PeerPackages, port: number): Contender[] {
  const contender = (settings: string, worker: object, job: object): Contender => ({
    product: 'BullMQ',
    version: packages.version('bullmq'),
    settings,
    database: 'Redis',
    transactional: false,
    start: () => start(packages, port, worker, job),
  });
  return [
    contender('defaults', {}, {}),
    contender('concurrency 50, removeOnComplete', { concurrency: 50 }, { removeOnComplete: true }),
  ];
}

function start(
  packages: PeerPackages,
  port: number,
  workerOptions: object,
  jobOptions: object,
): Promise<Peer> {
  const { Queue, Worker } = packages.load('bullmq') as BullMq;
  const name = `orders-${++made}`;
  const connection = { host: '127.0.0.1', port };
  const queue = new Queue(name, { connection });
  const data = payload(200);
  let worker: Closable | undefined;
  return Promise.resolve({
    async publish(n) {
      await queue.add('order', { n, ...data }, jobOptions);
    },
    consume(handle) {
      const work = ({ data }: { data: { n: number } }) => Promise.resolve(handle(data.n));
      worker = new Worker(name, work, { connection, ...workerOptions });
      return Promise.resolve();
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  } satisfies Peer);
}
