import {
  type DynamicModule,
  type INestApplicationContext,
  type LoggerService,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  type EventxEvent,
  EventxModule,
  type EventxModuleExtras,
  type EventxModuleOptions,
  EventxRunner,
  EventxService,
  type SequencedEvent,
} from 'nestjs-eventx';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { type Database, emptyDatabase } from './data-sources.js';
import { until } from './until.js';

/** An application with the module, as users write them. */
export interface TestApp<E extends SequencedEvent = EventxEvent> {
  readonly app: INestApplicationContext;
  readonly dataSource: DataSource;
  readonly eventx: EventxService<E>;
  readonly runner: EventxRunner<E>;
  /** Publishes in a transaction of its own. */
  publish(...types: string[]): Promise<void>;
  /** Waits until the runner has numbered up to `seq`. */
  reached(seq: number): Promise<void>;
  /** Shuts the application down as Nest does; the database stays. */
  close(): Promise<void>;
}

export interface AppSettings {
  readonly options?: EventxModuleOptions;
  readonly extras?: EventxModuleExtras;
  /** The module itself, in place of `forRoot` with those options. */
  readonly eventx?: DynamicModule;
  readonly entities?: readonly Type[];
  readonly imports?: readonly (Type | DynamicModule)[];
}

/**
 * What arrives arrives by a signal: no poll comes to help within the time of a test. And the database is there: a start that fails
 * is not tried again in the background.
 */
export const QUIET = {
  pollInterval: 60_000,
  startupTimeout: 0,
} as const satisfies EventxModuleOptions;

const opened = new Set<Promise<DataSource>>();

/** Starts an application of these modules. Errors at the start reject, and leave no connection open. */
export async function startNest(
  imports: readonly (Type | DynamicModule)[],
  logger: LoggerService | false = false,
): Promise<INestApplicationContext> {
  @Module({ imports: [...imports] })
  class AppModule {}

  const before = new Set(opened);
  try {
    return await NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
  } catch (error) {
    // Nest makes providers at the same time: the data source may be connecting still when another provider fails.
    await new Promise((resolve) => setImmediate(resolve));
    for (const connecting of opened) {
      if (before.has(connecting)) continue;
      await connecting.then(
        (dataSource) => dataSource.destroy(),
        () => undefined,
      );
    }
    throw error;
  }
}

/** The module of a data source, as applications import it. */
export function typeOrm(
  database: DataSourceOptions,
  { name, entities = [] }: { readonly name?: string; readonly entities?: readonly Type[] } = {},
): DynamicModule {
  const named = name === undefined ? {} : { name };
  const options = { ...database, ...named, autoLoadEntities: true, retryAttempts: 0 };
  return TypeOrmModule.forRootAsync({
    ...named,
    useFactory: () => ({ ...options, entities: [...entities] }),
    dataSourceFactory(all) {
      const connecting = new DataSource(all!).initialize();
      opened.add(connecting);
      return connecting;
    },
  });
}

/** Starts an application on a database that exists. */
export async function startApp<E extends SequencedEvent = EventxEvent>(
  database: DataSourceOptions,
  { options = {}, extras = {}, eventx: own, entities = [], imports = [] }: AppSettings = {},
): Promise<TestApp<E>> {
  const app = await startNest([
    typeOrm(database, { entities }),
    own ?? EventxModule.forRoot({ ...QUIET, ...options, ...extras }),
    ...imports,
  ]);
  const dataSource = app.get<DataSource>(getDataSourceToken());
  const eventx = app.get<EventxService<E>>(EventxService);
  const runner = app.get<EventxRunner<E>>(EventxRunner);
  return {
    app,
    dataSource,
    eventx,
    runner,
    ...operations({ dataSource, eventx, runner }),
    close: () => app.close(),
  };
}

/** What a test does with a log over and over. */
export function operations({
  dataSource,
  eventx,
  runner,
}: Pick<TestApp<SequencedEvent>, 'dataSource' | 'eventx' | 'runner'>): Pick<
  TestApp,
  'publish' | 'reached'
> {
  return {
    publish: (...types) =>
      dataSource.transaction(async (manager) => {
        await eventx.publish(
          manager,
          types.map((type) => ({ type })),
        );
      }),
    reached: async (seq) => {
      await until(() => (runner.status.lastSeq ?? 0) >= seq, {
        what: `the runner to reach seq ${seq}`,
        timeoutMs: 45_000,
      });
    },
  };
}

/** An application on an empty database of its own, both gone after `close`. */
export function startAppOn<E extends SequencedEvent = EventxEvent>(
  database: Database,
  settings?: AppSettings,
): Promise<TestApp<E>> {
  return onEmptyDatabase(database, (options) => startApp<E>(options, settings));
}

/** What `start` starts on an empty database of its own, both gone after `close`. */
export async function onEmptyDatabase<T extends { close(): Promise<void> }>(
  database: Database,
  start: (options: DataSourceOptions) => Promise<T>,
): Promise<T> {
  const { options, remove } = await emptyDatabase(database);
  const started = await start(options).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    ...started,
    async close() {
      await started.close();
      await remove();
    },
  };
}
