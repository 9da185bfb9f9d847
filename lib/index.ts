// Set up
export { EventxModule } from './nest/eventx.module.js';
export type { EventxModuleOptions, LogPlace, Role } from './event-log/event-log-options.js';
export type { EventxModuleExtras } from './nest/log-settings.js';
export type { RunnerOptions } from './log/runner-options.js';
export type { BackoffOptions } from './util/backoff.js';
export type { TableOptions } from './typeorm/tables.js';
export type { UnsafeSetting } from './typeorm/dialects/index.js';
export { eventxToken, type EventxInjectable, InjectEventx } from './nest/tokens.js';
export type { ConsumerProcessOptions } from './consumer/ownership/supervisor-options.js';
export type { RetentionOptions } from './retention/retention-options.js';
export type {
  EventTypeDefinition,
  EventTypeDefinitions,
  UnknownTypes,
} from './event/event-types.js';

// Publish
export { EventxService } from './event-log/eventx.service.js';
export type { EventInput, PublishedEvent } from './event/envelope.js';
export { EventxEventEntity } from './typeorm/mapping/event.entity.js';

// Subscribe
export { EventxSubscriber } from './log/subscriber.js';
export type { StartFrom } from './log/start-from.js';
export type { SubscriberOptions } from './log/subscriber-options.js';
export type { StreamOptions } from './log/stream-options.js';
export { EventxEvent, type EventHeaders } from './event/eventx-event.js';

// Consume
export { EventxConsumer, OnEventx, type OnEventxOptions } from './nest/on-eventx.decorator.js';
export type { ConsumerDeclaration } from './event-log/eventx.service.js';
export type {
  ConsumerOptions,
  LostPositionPolicy,
  RetryOptions,
} from './consumer/definition/consumer-options.js';
export type { ConsumerContext, ConsumerHandler } from './consumer/definition/consumer.js';
export type { CustomOffsets } from './consumer/ownership/custom-offsets.js';
export type { AfterRetries } from './consumer/definition/retry-policy.js';

// Operate
export { type ConsumerInfo, EventxConsumers, type ConsumerState } from './consumer/consumers.js';
export {
  type DeadLetterSelection,
  EventxDeadLetters,
  type ReplayResult,
} from './consumer/dead-letters.js';
export { EventxRetentionJob, type RetentionResult } from './retention/retention-job.js';
export { EventxRunner, type RunnerEnvironment, type RunnerStatus } from './log/runner.js';
export { type ExamineOptions, EventxDoctor } from './doctor/doctor.js';
export type { DoctorCheck, Finding, FindingSeverity } from './doctor/finding.js';
export type { DoctorLimits } from './doctor/limits.js';
export {
  eventxMigrations,
  eventxSchemaSql,
  type SchemaOptions,
} from './typeorm/schema/typeorm-migrations.js';
export * from './errors.js';

// Several processes
export { httpSignal, type HttpSignalOptions } from './http/http-signal.js';
export type { SignalTransport } from './signal/signal-transport.js';
export { eventxSignalController, type SignalControllerOptions } from './http/signal.controller.js';
export { eventxStreamController, type StreamControllerOptions } from './http/stream.controller.js';
export { remoteStorage, type RemoteStorageOptions } from './http/remote-storage.js';

// Without Nest: also as 'nestjs-eventx/log'
export { openEventLog, type EventLogOptions } from './event-log/open-event-log.js';
export type { EventLog } from './event-log/event-log.js';

// Extend: an own entity, or an own storage
export type { EventEntityClass } from './typeorm/mapping/entity-mapping.js';
export type { PendingEvent, SequencedEvent } from './event/event.js';
export type { OwnStorage } from './event-log/event-log-options.js';
export type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeadLetterStore,
  DeletionTerms,
  Destination,
  EventxStorage,
  FailedAttempt,
  Holder,
  Lease,
  LogState,
  NewDeadLetter,
  OffsetNote,
  OffsetNotes,
  Placed,
  Position,
  RetentionStorage,
  SequenceResult,
  StuckHandler,
} from './storage/index.js';
export type { Clock } from './util/clock.js';
export type { EventxLogger } from './util/logger.js';
