import type { InjectionToken, Provider } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

import { EventxConsumers } from '../consumer/consumers.js';
import { EventxDeadLetters } from '../consumer/dead-letters.js';
import { EventTypes } from '../event/event-types.js';
import { EventxOptionsError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { EventxRetentionJob } from '../retention/retention-job.js';
import { EventxRunner } from '../log/runner.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { ApplicationLogs } from './application-logs.js';
import { ConsumerOrchestrator } from './consumer.orchestrator.js';
import { createLog, type Log } from './create-log.js';
import { EventxLifecycle } from './eventx.lifecycle.js';
import { EventxService } from './eventx.service.js';
import { HandlerExplorer } from './handler.explorer.js';
import {
  type EventxModuleExtras,
  type EventxModuleOptions,
  type ResolvedModuleOptions,
  resolveModuleOptions,
} from './module-options.js';
import { MODULE_OPTIONS_TOKEN } from './module-options.token.js';
import { RetentionScheduler } from './retention.scheduler.js';
import { eventxToken, INJECTABLES } from './tokens.js';

const RESOLVED_OPTIONS = Symbol('eventx:options');
const LOG = Symbol('eventx:log');

/** What an application can inject. */
export function eventxExports({ name }: EventxModuleExtras): InjectionToken[] {
  return INJECTABLES.map((injectable) => eventxToken(injectable, name));
}

export function eventxProviders(extras: EventxModuleExtras): Provider[] {
  const { name } = extras;
  return [
    {
      provide: RESOLVED_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: EventxModuleOptions) =>
        resolveModuleOptions(options, process.env.NODE_ENV),
    },
    {
      provide: LOG,
      inject: [
        RESOLVED_OPTIONS,
        ModulesContainer,
        { token: getDataSourceToken(extras.dataSource) as InjectionToken, optional: true },
      ],
      useFactory: (
        options: ResolvedModuleOptions,
        application: ModulesContainer,
        dataSource?: DataSource,
      ) => {
        ApplicationLogs.of(application).enter(extras, options.storage ? undefined : dataSource);
        return createLog(extras, options, dataSource);
      },
    },
    {
      provide: EventTypes,
      inject: [RESOLVED_OPTIONS, LOG],
      useFactory: ({ events, unknownTypes: unknown }: ResolvedModuleOptions, { logger }: Log) =>
        new EventTypes(events, { unknown, logger }),
    },
    {
      provide: ConsumerOrchestrator,
      inject: [LOG, HandlerExplorer, EventTypes],
      useFactory: (log: Log, explorer: HandlerExplorer, types: EventTypes) =>
        new ConsumerOrchestrator(log, explorer, types, name),
    },
    HandlerExplorer,
    {
      provide: eventxToken(EventxRunner, name),
      inject: [LOG],
      useFactory: ({ runner }: Log) => runner,
    },
    {
      provide: eventxToken(EventxService, name),
      inject: [LOG, ConsumerOrchestrator, EventTypes, RESOLVED_OPTIONS],
      useFactory: (
        { runner, outbox }: Log,
        orchestrator: ConsumerOrchestrator,
        types: EventTypes,
        { maxPayloadBytes }: ResolvedModuleOptions,
      ) => new EventxService<SequencedEvent>(runner, outbox, orchestrator, types, maxPayloadBytes),
    },
    {
      provide: eventxToken(EventxConsumers, name),
      inject: [LOG],
      useFactory: ({ consumerStore, supervisor, consumerLog }: Log) =>
        new EventxConsumers(consumerStore, supervisor, consumerLog),
    },
    {
      provide: eventxToken(EventxDeadLetters, name),
      inject: [LOG],
      useFactory: ({ deadLetterStore, supervisor, consumerLog }: Log) =>
        new EventxDeadLetters(deadLetterStore, supervisor, consumerLog),
    },
    {
      provide: eventxToken(EventxRetentionJob, name),
      inject: [LOG],
      useFactory: ({ retention }: Log) => retention,
    },
    {
      provide: eventxToken(EventxDoctor, name),
      inject: [LOG],
      useFactory: ({ doctor }: Log) => doctor,
    },
    {
      provide: EventxLifecycle,
      inject: [LOG, ConsumerOrchestrator, RESOLVED_OPTIONS, ModuleRef],
      useFactory: (
        log: Log,
        orchestrator: ConsumerOrchestrator,
        options: ResolvedModuleOptions,
        moduleRef: ModuleRef,
      ) =>
        new EventxLifecycle(
          log,
          orchestrator,
          createScheduler(log, options, moduleRef, name),
          options.roles,
        ),
    },
  ];
}

/** @returns null when the application did not ask for retention */
function createScheduler(
  { retention, logger, consumerStore, supervisor }: Log,
  options: ResolvedModuleOptions,
  moduleRef: ModuleRef,
  name: string | undefined,
): RetentionScheduler | null {
  if (!options.retention) return null;
  if (!retention) {
    throw new EventxOptionsError(
      'Option "retention": the storage of this log cannot delete. It has to implement RetentionStorage, too.',
    );
  }
  return new RetentionScheduler(retention, {
    name: name === undefined ? 'eventx-retention' : `eventx-retention:${name}`,
    moduleRef,
    logger,
    caution: () =>
      consumerStore || retention.options.ignoreConsumers
        ? null
        : blindRetention([...supervisor.consumers.keys()]),
  });
}

/** What retention does not see in a storage that keeps no offsets. */
function blindRetention(declared: readonly string[]): string {
  return (
    'Retention cannot see consumers of other processes: the log has a storage of its own, which keeps no offsets. It waits for those ' +
    `that this process declares (${declared.length > 0 ? declared.join(', ') : 'none so far'}), and may delete what others have yet to handle.`
  );
}
