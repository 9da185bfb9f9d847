import 'reflect-metadata';

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { eventxSignalController, type EventxModuleOptions, httpSignal } from 'nestjs-eventx';

import { startApp } from '../support/app.js';
import { createDatabase } from '../support/databases.js';
import { startLogServer } from '../support/processes/log-server.js';

export interface LatencyCase {
  /** What the process that publishes does beside that. */
  readonly publisher: EventxModuleOptions['run'];
  /** What the process that gets the events does. */
  readonly receiver: EventxModuleOptions['run'];
  readonly signals: boolean;
}

/** Both with the default poll of a second. */
export const LATENCY_CASES: Readonly<Record<string, LatencyCase>> = {
  'publish only → all, no signal': { publisher: false, receiver: true, signals: false },
  'publish only → all, HTTP signal': { publisher: false, receiver: true, signals: true },
  'all → all (two replicas), no signal': { publisher: true, receiver: true, signals: false },
  'all → all (two replicas), HTTP signal': { publisher: true, receiver: true, signals: true },
  'sequence → consume, HTTP signal': {
    publisher: ['sequence'],
    receiver: ['consume'],
    signals: true,
  },
};

const SECRET = 'the secret of a benchmark';
const PER_SECOND = 25;
const DEFAULT_POLL = 1000;

interface Task extends LatencyCase {
  readonly url: string;
  readonly signalUrl: string;
  readonly count: number;
}

/** On one machine, so one clock; times are in ms of it. */
const now = () => performance.timeOrigin + performance.now();

export async function measureLatency(serverUrl: string, settings: LatencyCase, seconds: number) {
  const database = await createDatabase(serverUrl);
  const receiver = await startLogServer(database.options, {
    controllers: [eventxSignalController({ secret: SECRET })],
    options: { pollInterval: DEFAULT_POLL, run: settings.receiver },
  });
  const count = PER_SECOND * seconds;
  const delivered = new Map<string, number>();
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { uuid } of receiver.eventx.subscriber({ from: 1 }).events(stop.signal)) {
      delivered.set(uuid, now());
    }
  })();
  const task: Task = {
    ...settings,
    url: database.url,
    signalUrl: `${receiver.url}/eventx/signal`,
    count,
  };
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [JSON.stringify(task)]);
  try {
    const [committed] = (await once(child, 'message')) as [[string, number][]];
    while (delivered.size < count) await delay(10);
    const waits = committed
      .map(([uuid, at]) => Math.max(0, delivered.get(uuid)! - at))
      .sort((a, b) => a - b);
    const percentile = (percent: number) => waits[Math.ceil((waits.length * percent) / 100) - 1]!;
    return { p50: percentile(50), p99: percentile(99), count };
  } finally {
    child.kill('SIGKILL');
    stop.abort();
    await reading;
    await receiver.close();
    await database.drop();
  }
}

/** The process that publishes. */
async function publish({ url, publisher, signals, signalUrl, count }: Task): Promise<void> {
  const app = await startApp(
    { type: 'mariadb', url },
    {
      options: {
        pollInterval: DEFAULT_POLL,
        run: publisher ?? true,
        signals: signals ? [httpSignal({ url: signalUrl, secret: SECRET })] : [],
      },
    },
  );
  const committed: [string, number][] = [];
  for (let turn = 0; turn < count; turn++) {
    const { uuid } = await app.dataSource.transaction((manager) =>
      app.eventx.publish(manager, { type: 'a', data: 'x'.repeat(200) }),
    );
    committed.push([uuid, now()]);
    // Not in step with the poll.
    await delay((2000 / PER_SECOND) * Math.random());
  }
  process.send!(committed);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await publish(JSON.parse(process.argv[2]!) as Task);
}
