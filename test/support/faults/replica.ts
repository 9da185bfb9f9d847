import type { EventxModuleOptions } from 'nestjs-eventx';
import type { Sighting } from 'nestjs-eventx/testing';
import type { DataSourceOptions } from 'typeorm';

import { startApp, type TestApp } from '../app.js';
import { Follower } from './follower.js';
import { mysqlStorage } from './mysql-storage.js';
import { type Write, Writers } from './writers.js';

/** How to run one replica of an application; plain data, so that it can be sent to a process. */
export interface ReplicaSettings {
  readonly url: string;
  readonly options?: EventxModuleOptions;
  /** Connections of its pool. @default 4 */
  readonly poolSize?: number;
  /** Subscribers: where each begins, and how far it stays behind. @default none */
  readonly followers?: readonly {
    readonly name: string;
    readonly from: number;
    readonly lag: number;
  }[];
  /** Names of writers that it runs as well. @default none */
  readonly writers?: readonly string[];
  /** Whose statements it numbers with. @default 'mariadb', in one; 'mysql' takes several */
  readonly statements?: Statements;
}

export const STATEMENTS = ['mariadb', 'mysql'] as const;
export type Statements = (typeof STATEMENTS)[number];

/** What a replica reports. */
export interface ReplicaReports {
  /** What the subscriber of that name was given, in order. */
  readonly saw: (follower: string, sightings: readonly Sighting[]) => void;
  /** No retry can mend it. */
  readonly failed: (follower: string, why: string) => void;
  /** When a transaction has its events, and when it has ended. */
  readonly wrote: (write: Write) => void;
}

/** One replica of an application: the module, a subscriber and writers. */
export interface Replica {
  readonly app: TestApp;
  /** Ends its writers, and lets subscribers that stay behind read to the end. */
  settle(): Promise<void>;
  /** Ends its writers and its subscriber, and shuts it down as Nest does. */
  stop(): Promise<void>;
}

/** Errors are provoked here by the hundred: a test shall not wait for them. */
const OPTIONS: EventxModuleOptions = {
  pollInterval: 10,
  errorBackoff: { initial: 2, max: 50 },
  // Small, so that subscribers also read the table.
  windowSize: 64,
  // Some are given a queryTimeout that a busy machine needs for the start alone.
  startupTimeout: 60_000,
};

export async function startReplica(
  {
    url,
    options,
    poolSize = 4,
    followers = [],
    writers = [],
    statements = 'mariadb',
  }: ReplicaSettings,
  reports: ReplicaReports,
): Promise<Replica> {
  const database: DataSourceOptions = {
    type: 'mariadb',
    url,
    extra: { connectionLimit: poolSize },
  };
  const own =
    statements === 'mysql' ? await mysqlStorage(database, options?.queryTimeout) : undefined;
  const storage = own?.storage;
  const app = await startApp(database, {
    options: { ...OPTIONS, ...options, ...(storage && { storage }) },
  });
  const { runner } = app;
  const following = followers.map(
    ({ name, from, lag }) =>
      new Follower(
        app.eventx.subscriber({ from, fetchLimit: 100 }),
        {
          saw: (sightings) => reports.saw(name, sightings),
          failed: (why) => reports.failed(name, why),
        },
        { lag, head: () => runner.status.lastSeq },
      ),
  );
  const running = new Writers(app, writers, (write) => reports.wrote(write));

  const stop = async () => {
    await running.stop();
    await Promise.all(following.map((follower) => follower.stop()));
    await app.close();
    await own?.close();
    await own?.dataSource.destroy();
  };
  let stopped: Promise<void> | undefined;
  return {
    app,
    async settle() {
      await running.stop();
      for (const follower of following) follower.hurry();
    },
    stop: () => (stopped ??= stop()),
  };
}
