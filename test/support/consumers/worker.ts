import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { DataSourceOptions, EntityManager } from 'typeorm';

import { type ConsumerApp, startConsumerApp } from './app.js';
import { Effects } from './effects.js';
import { managerOf } from './manager-of.js';

/** One run of a worker; plain data, so that it can be sent to a process. */
export interface WorkerSettings {
  readonly database: DataSourceOptions;
  /** Written beside every effect. */
  readonly run: string;
  /** In ms. @default 400, the shortest */
  readonly lease?: number;
  /** Which of its consumers to run. @default all */
  readonly only?: readonly WorkerConsumer[];
  /** How long a handler takes at most, in ms; a random time each. @default 3 */
  readonly slowness?: number;
  /** How long it waits after its effect, in ms. @default 0 */
  readonly hold?: number;
}

/** The most that those with lanes do ahead of their offset. */
export const WINDOW = 16;

/** One consumer of each kind; each writes an effect for each event. */
export const WORKER_CONSUMERS = {
  /** Also publishes an echo of each event. */
  once: { transactional: true, types: 'n' },
  lanes: { transactional: true, concurrency: 4, fetchLimit: WINDOW },
  plain: {},
  plainLanes: { concurrency: 4, fetchLimit: WINDOW },
} as const;
export type WorkerConsumer = keyof typeof WORKER_CONSUMERS;

/** Starts an application with those consumers. */
export async function startWorker(
  { database, run, lease = 400, only, slowness = 3, hold = 0 }: WorkerSettings,
  onEffect: (consumer: WorkerConsumer) => void = () => undefined,
): Promise<ConsumerApp> {
  const app = await startConsumerApp(database, {
    options: { pollInterval: 20, consumers: { lease } },
  });
  const effects = Effects.of(app.dataSource);
  const names = only ?? (Object.keys(WORKER_CONSUMERS) as WorkerConsumer[]);
  for (const name of names) {
    app.consume({
      name,
      ...WORKER_CONSUMERS[name],
      handle: async ({ seq, type }: EventxEvent, context: ConsumerContext<EntityManager>) => {
        await randomPause(slowness);
        await effects.add(name, seq, managerOf(context), run);
        if (name === 'once')
          await app.eventx.publish(context.manager, { type: `echo of ${type}`, data: seq });
        onEffect(name);
        await randomPause(slowness);
        if (hold > 0) await new Promise((resolve) => setTimeout(resolve, hold));
      },
    });
  }
  return app;
}

/** Up to so many ms, mostly none. */
async function randomPause(most: number): Promise<void> {
  const ms = Math.random() * most * 2 - most;
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
