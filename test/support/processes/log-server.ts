import type { Provider, Type } from '@nestjs/common';
import { EventxModule, type EventxModuleOptions, EventxRunner, EventxService } from 'nestjs-eventx';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { operations, QUIET, typeOrm } from '../app.js';
import { type HttpApp, type Listening, startHttp } from './http-app.js';

/** An application that has the log and serves HTTP: the event service of two. */
export interface LogServer extends HttpApp {
  readonly dataSource: DataSource;
  readonly eventx: EventxService;
  readonly runner: EventxRunner;
  /** Publishes one event of each type, in a transaction of its own. */
  publish(...types: string[]): Promise<void>;
  /** Waits until its runner has come to `seq`. */
  reached(seq: number): Promise<void>;
}

export interface LogServerSettings extends Listening {
  readonly options?: EventxModuleOptions;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
}

export async function startLogServer(
  database: DataSourceOptions,
  { options, controllers = [], providers = [], ...listening }: LogServerSettings = {},
): Promise<LogServer> {
  const eventxModule = EventxModule.forRoot({ ...QUIET, ...options, isGlobal: true });
  const http = await startHttp(
    { imports: [typeOrm(database), eventxModule], controllers, providers },
    listening,
  );
  const dataSource = http.app.get<DataSource>(getDataSourceToken());
  const eventx = http.app.get<EventxService>(EventxService);
  const runner = http.app.get<EventxRunner>(EventxRunner);
  return {
    ...http,
    dataSource,
    eventx,
    runner,
    ...operations({ dataSource, eventx, runner }),
  };
}
