import type { InjectionToken, Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { EventxConsumers } from '../consumer/consumers.js';
import { EventxDeadLetters } from '../consumer/dead-letters.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { EventxOptionsError } from '../errors.js';
import { EventLog } from '../event-log/event-log.js';
import type { EventxModuleOptions } from '../event-log/event-log-options.js';
import { EventxService } from '../event-log/eventx.service.js';
import { EventxRunner } from '../log/runner.js';
import { EventxRetentionJob } from '../retention/retention-job.js';
import { ApplicationLogs } from './application-logs.js';
import { EventxLifecycle } from './eventx.lifecycle.js';
import { HandlerExplorer } from './handler.explorer.js';
import { type EventxModuleExtras, type LogSettings, logSettings } from './log-settings.js';
import { MODULE_OPTIONS_TOKEN } from './module-options.token.js';
import { scheduledJobs } from './scheduled-jobs.js';
import { eventxToken, INJECTABLES } from './tokens.js';

const SETTINGS = Symbol('eventx:settings');

/** What an application can inject. */
export function eventxExports({ name }: EventxModuleExtras): InjectionToken[] {
  return INJECTABLES.map((injectable) => eventxToken(injectable, name));
}

/** One log is made, and its parts are handed out. */
export function eventxProviders(extras: EventxModuleExtras): Provider[] {
  const part = (injectable: (typeof INJECTABLES)[number], of: (log: EventLog) => unknown) => ({
    provide: eventxToken(injectable, extras.name),
    inject: [EventLog],
    useFactory: of,
  });
  return [
    {
      provide: SETTINGS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: EventxModuleOptions) => logSettings(extras, options),
    },
    {
      provide: EventLog,
      inject: [
        SETTINGS,
        ModulesContainer,
        ModuleRef,
        { token: getDataSourceToken(extras.dataSource) as InjectionToken, optional: true },
      ],
      useFactory: (
        settings: LogSettings,
        application: ModulesContainer,
        moduleRef: ModuleRef,
        dataSource?: DataSource,
      ) => openLog(extras, settings, { application, moduleRef, dataSource }),
    },
    part(EventxService, (log) => log),
    part(EventxRunner, ({ runner }) => runner),
    part(EventxConsumers, ({ consumers }) => consumers),
    part(EventxDeadLetters, ({ deadLetters }) => deadLetters),
    part(EventxRetentionJob, ({ retention }) => retention),
    part(EventxDoctor, ({ doctor }) => doctor),
    HandlerExplorer,
    {
      provide: EventxLifecycle,
      inject: [EventLog, HandlerExplorer, SETTINGS],
      useFactory: (log: EventLog, explorer: HandlerExplorer, settings: LogSettings) =>
        new EventxLifecycle(log, explorer, settings),
    },
  ];
}

/** What a log is opened in. */
interface Surroundings {
  readonly application: ModulesContainer;
  readonly moduleRef: ModuleRef;
  readonly dataSource: DataSource | undefined;
}

function openLog(
  extras: EventxModuleExtras,
  { name, options, logger }: LogSettings,
  { application, moduleRef, dataSource }: Surroundings,
): Promise<EventLog> {
  ApplicationLogs.of(application).enter(extras, options.storage ? undefined : dataSource);
  if (!dataSource && !options.storage) {
    const named = extras.dataSource === undefined ? '' : ` named "${extras.dataSource}"`;
    throw new EventxOptionsError(
      `EventxModule found no TypeORM data source${named}. Import TypeOrmModule.forRoot(…) in the application, or give the module a ` +
        `"storage" of your own.`,
    );
  }
  const jobs = () => scheduledJobs(moduleRef);
  return EventLog.open(dataSource, options, extras, { logger, name, jobs });
}
