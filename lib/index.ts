// Set up
export { EventxModule } from './nest/eventx.module.js';
export type { EventxModuleExtras, EventxModuleOptions, Role } from './nest/module-options.js';
export type { RunnerOptions } from './sequence/runner-options.js';
export type { BackoffOptions } from './core/backoff.js';
export type { TableOptions } from './typeorm/tables.js';
export type { UnsafeSetting } from './typeorm/dialects/index.js';
export { eventxToken, type EventxInjectable, InjectEventx } from './nest/tokens.js';
export type { ConsumersOptions } from './consume/supervisor-options.js';
export type { RetentionOptions } from './retention/retention-options.js';
export type {
  EventTypeDefinition,
  EventTypeDefinitions,
  UnknownTypes,
} from './core/event-types.js';

// Publish
export { EventxService } from './nest/eventx.service.js';
export type { EventInput, PublishedEvent } from './core/envelope.js';
export { EventxEventEntity } from './typeorm/event.entity.js';

// Subscribe
export { EventxSubscriber } from './subscribe/subscriber.js';
export type { StartPosition, SubscriberOptions } from './subscribe/subscriber-options.js';
export type { StreamOptions } from './subscribe/stream-options.js';
export { EventxEvent, type EventHeaders } from './core/eventx-event.js';

// Consume
export { EventxConsumer, OnEventx, type OnEventxOptions } from './nest/on-eventx.decorator.js';
export type { ConsumerDeclaration } from './nest/eventx.service.js';
export type {
  ConsumerOptions,
  ConsumerStart,
  LostPositionPolicy,
  RetryOptions,
} from './consume/consumer-options.js';
export type { ConsumerContext, ConsumerHandler } from './consume/consumer.js';
export type { CustomOffsets } from './consume/custom-offsets.js';
export type { AfterRetries } from './consume/retry-policy.js';

// Operate
export { type ConsumerInfo, EventxConsumers, type ConsumerState } from './consume/consumers.js';
export {
  type DeadLetterSelection,
  EventxDeadLetters,
  type ReplayResult,
} from './consume/dead-letters.js';
export { ConsumerHaltedError } from './consume/halted.error.js';
export { EventxRetentionJob, type RetentionResult } from './retention/retention-job.js';
export { EventxRunner, type RunnerEnvironment, type RunnerStatus } from './sequence/runner.js';
export { type ExamineOptions, EventxDoctor } from './typeorm/doctor/doctor.js';
export type { DoctorCheck, Finding, FindingSeverity } from './typeorm/doctor/finding.js';
export type { DoctorLimits } from './typeorm/doctor/limits.js';
export {
  eventxMigrations,
  eventxSchemaSql,
  type SchemaOptions,
} from './typeorm/schema/typeorm-migrations.js';
export * from './core/errors.js';

// Several processes
export { httpSignal, type HttpSignalOptions } from './signal/http-signal.js';
export type { SignalTransport } from './signal/signal-transport.js';
export { eventxSignalController, type SignalControllerOptions } from './nest/signal.controller.js';
export { eventxStreamController, type StreamControllerOptions } from './nest/stream.controller.js';
export { remoteStorage, type RemoteStorageOptions } from './remote/remote-storage.js';

// Extend: an own entity, or an own storage
export type { EventEntityClass } from './typeorm/entity-mapping.js';
export type { PendingEvent, SequencedEvent } from './core/event.js';
export type {
  AssignResult,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeletionTerms,
  EventxStorage,
  FailedAttempt,
  LogState,
  RetentionStorage,
  StuckHandler,
} from './storage/index.js';
export type { Clock } from './core/clock.js';
export type { EventxLogger } from './core/logger.js';
