import { setTimeout as delay } from 'node:timers/promises';

import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  type ConsumerContext,
  type EventxEvent,
  type EventxModuleOptions,
  EventxService,
} from 'nestjs-eventx';
import {
  DataSource,
  type EntityManager,
  type EntitySubscriberInterface,
  type QueryRunner,
} from 'typeorm';

import { startApp, type TestApp } from '../app.js';

/** How to run one replica of an application; plain data, for a process of its own. */
export interface ReplicaSettings {
  readonly url: string;
  readonly options?: EventxModuleOptions;
  readonly consumers?: readonly ConsumerSettings[];
  /** How many write at the same time. @default 0 */
  readonly writers?: number;
  /** Rest of each writer between two transactions, in ms. @default 1 */
  readonly restMs?: number;
  /** @default 10 */
  readonly poolSize?: number;
  /** Whether it says nothing of what it does, because that costs time. @default false */
  readonly quiet?: boolean;
  /** Whether it stops itself, as SIGSTOP does, before the first transaction of a consumer commits. @default false */
  readonly freezes?: boolean;
}

/** A consumer that writes each event it handles into the table `effects`. */
export interface ConsumerSettings {
  readonly name: string;
  /** False: it does nothing at all. @default true */
  readonly writes?: boolean;
  readonly transactional?: boolean;
  readonly concurrency?: number;
  /** How long it takes for each event, in ms; null is for ever. @default 0 */
  readonly takes?: number | null;
}

/** What a replica says. */
export interface Report {
  readonly ready?: true;
  /** A transaction of these events is about to commit, or did. */
  readonly wrote?: { readonly uuids: readonly string[]; readonly committed: boolean };
  /** A handler begins with, or is done with, an event; at this time by the clock on the wall, in ms. */
  readonly handling?: { readonly consumer: string; readonly seq: number; readonly at: number };
  readonly handled?: { readonly consumer: string; readonly seq: number; readonly at: number };
}

export type Tell = (report: Report) => void;

/** What a replica needs to find in its database. */
export const EFFECTS =
  'CREATE TABLE IF NOT EXISTS effects (id BIGINT PRIMARY KEY AUTO_INCREMENT, consumer VARCHAR(50) NOT NULL, ' +
  'seq BIGINT NOT NULL, uuid CHAR(36) NOT NULL)';

/** Those in which a handler wrote. */
const transactions = new WeakSet<QueryRunner>();

export async function startReplica(
  {
    url,
    options,
    consumers = [],
    writers = 0,
    restMs = 1,
    poolSize = 10,
    freezes,
    quiet,
  }: ReplicaSettings,
  tellAll: Tell,
): Promise<TestApp> {
  const tell: Tell = quiet ? () => undefined : tellAll;

  @Injectable()
  class Writers implements OnModuleDestroy {
    private readonly stopping = new AbortController();
    private loops: Promise<void>[] = [];

    constructor(
      @Inject(DataSource) private readonly dataSource: DataSource,
      @Inject(EventxService) private readonly eventx: EventxService,
    ) {}

    start(): void {
      this.loops = Array.from({ length: writers }, (_, index) => this.loop(index));
    }

    async onModuleDestroy(): Promise<void> {
      this.stopping.abort();
      await Promise.all(this.loops);
    }

    private async loop(writer: number): Promise<void> {
      for (let turn = 0; !this.stopping.signal.aborted; turn++) {
        await this.write(`${writer}`, 1 + (turn % 3)).catch(() => undefined);
        await delay(restMs);
      }
    }

    private async write(key: string, count: number): Promise<void> {
      const uuids: string[] = [];
      await this.dataSource.transaction(async (manager) => {
        const events = Array.from({ length: count }, () => ({ type: 'written', key }));
        const published = await this.eventx.publish(manager, events);
        uuids.push(...published.map(({ uuid }) => uuid));
        tell({ wrote: { uuids, committed: false } });
      });
      tell({ wrote: { uuids, committed: true } });
    }
  }

  const app = await startApp(
    { type: 'mariadb', url, extra: { connectionLimit: poolSize } },
    {
      ...(options && { options }),
      extras: { isGlobal: true },
      imports: [{ module: class WritersModule {}, providers: [Writers] }],
    },
  );
  for (const consumer of consumers) consume(app, consumer, tell);
  if (freezes) {
    app.dataSource.subscribers.push({
      beforeTransactionCommit: ({ queryRunner }) => {
        if (transactions.has(queryRunner)) process.kill(process.pid, 'SIGSTOP');
      },
    } satisfies EntitySubscriberInterface);
  }
  app.app.get(Writers, { strict: false }).start();
  tellAll({ ready: true });
  return app;
}

function consume(
  { eventx, dataSource }: TestApp,
  { name, writes = true, transactional = false, concurrency = 1, takes = 0 }: ConsumerSettings,
  tell: Tell,
): void {
  eventx.consumer({
    name,
    transactional,
    concurrency,
    startFrom: 'earliest',
    // Statements are broken off here by the hundred.
    retry: { backoff: { initial: 5, max: 100 } },
    handle: async ({ seq, uuid }: EventxEvent, context: ConsumerContext<EntityManager>) => {
      if (!writes) return;
      tell({ handling: { consumer: name, seq, at: Date.now() } });
      if (takes === null) await new Promise(() => undefined);
      if (takes) await delay(takes);
      if (transactional) transactions.add(context.manager.queryRunner!);
      await (transactional ? context.manager : dataSource).query(
        'INSERT INTO effects (consumer, seq, uuid) VALUES (?, ?, ?)',
        [name, seq, uuid],
      );
      tell({ handled: { consumer: name, seq, at: Date.now() } });
    },
  });
}
