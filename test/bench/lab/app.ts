import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  type EventxEvent,
  EventxModule,
  type EventxModuleOptions,
  EventxRunner,
  EventxService,
} from 'nestjs-eventx';
import type { DataSource, DataSourceOptions } from 'typeorm';

/** An application with the module, on a database of the lab. */
export interface BenchApp {
  readonly eventx: EventxService;
  readonly dataSource: DataSource;
  readonly runner: EventxRunner<EventxEvent>;
  close(): Promise<void>;
}

export interface BenchAppParts {
  readonly providers?: readonly Provider[];
  readonly entities?: readonly Type[];
}

let started = 0;

/** Starts an application as users write them; default options unless `options` says otherwise. */
export async function startApp(
  database: { readonly options: DataSourceOptions },
  options: EventxModuleOptions = {},
  { providers = [], entities = [] }: BenchAppParts = {},
): Promise<BenchApp> {
  // Nest wants to tell the data sources of one process apart.
  const name = `bench-${++started}`;
  const typeOrm = { ...database.options, name, entities: [...entities], autoLoadEntities: true };
  const app = await NestFactory.createApplicationContext(
    rootModule(
      [TypeOrmModule.forRoot(typeOrm), EventxModule.forRoot({ ...options, dataSource: name })],
      providers,
    ),
    { logger: ['warn', 'error'], abortOnError: false },
  );
  return {
    eventx: app.get<EventxService>(EventxService),
    dataSource: app.get<DataSource>(getDataSourceToken(name)),
    runner: app.get<EventxRunner<EventxEvent>>(EventxRunner),
    close: () => app.close(),
  };
}

function rootModule(imports: DynamicModule[], providers: readonly Provider[]): Type {
  @Module({ imports, providers: [...providers] })
  class BenchModule {}
  return BenchModule;
}
