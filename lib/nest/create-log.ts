import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';

import type { ConsumerLog } from '../consumer/ownership/consumer-log.js';
import { CustomOffsetStore } from '../consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../consumer/ownership/supervisor.js';
import { systemClock } from '../util/clock.js';
import { EventxOptionsError } from '../errors.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type { EventxLogger } from '../util/logger.js';
import { VERSION } from '../util/version.js';
import { Presence } from '../processes/presence.js';
import { EventxRetentionJob, type RetainedLog } from '../retention/retention-job.js';
import { resolveRetentionOptions } from '../retention/retention-options.js';
import { EventxRunner } from '../log/runner.js';
import { SignalSender } from '../signal/signal-sender.js';
import type {
  ConsumerStore,
  DeadLetterStore,
  EventxStorage,
  OffsetNotes,
  ProcessStore,
} from '../storage/index.js';
import { patiently } from './patiently.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { openLog } from '../typeorm/open-log.js';
import type { Outbox } from '../typeorm/outbox/outbox.js';
import type { EventxModuleExtras, ResolvedModuleOptions } from './module-options.js';
import { processName } from './process-name.js';

/** Everything that belongs to one log; what the providers hand out. */
export interface Log {
  /** What it is and where, for people. */
  readonly description: string;
  readonly logger: EventxLogger;
  readonly runner: EventxRunner;
  /** Null where the application brings a storage of its own. */
  readonly outbox: Outbox | null;
  /** To the processes that sequence the log, where that is not (only) this one. */
  readonly senders: readonly SignalSender[];
  readonly supervisor: ConsumerSupervisor<SequencedEvent, EntityManager>;
  /** Where offsets are kept by default. */
  readonly consumerStore: (ConsumerStore<SequencedEvent, EntityManager> & OffsetNotes) | null;
  readonly deadLetterStore: DeadLetterStore<SequencedEvent, EntityManager> | null;
  readonly consumerLog: ConsumerLog<SequencedEvent>;
  /** Null where the application's own storage cannot forget. */
  readonly retention: EventxRetentionJob | null;
  readonly doctor: EventxDoctor;
  /** Says that this process is alive; null where the log has a storage of the application's own. */
  readonly presence: Presence | null;
  /** Most connections that the application's pool has; null where it has no pool. */
  readonly poolSize: number | null;
  /** Closes the connections of the log's own. */
  close(): Promise<void>;
}

/** What of a log lies in the database, or in the application's own storage. */
interface Stored {
  readonly description: string;
  readonly storage: EventxStorage<SequencedEvent, PendingEvent>;
  readonly retained: RetainedLog<SequencedEvent> | null;
  readonly consumers: (ConsumerStore<SequencedEvent, EntityManager> & OffsetNotes) | null;
  readonly deadLetters: DeadLetterStore<SequencedEvent, EntityManager> | null;
  readonly doctor: EventxDoctor;
  readonly processes: ProcessStore | null;
  readonly poolSize: number | null;
  outbox(signal: () => void): Outbox | null;
  close(): Promise<void>;
}

/** Opens the log and puts its parts together. @throws EventxSchemaError, EventxOptionsError */
export async function createLog(
  extras: EventxModuleExtras,
  options: ResolvedModuleOptions,
  dataSource: DataSource | undefined,
): Promise<Log> {
  const logger = new Logger(extras.name === undefined ? 'Eventx' : `Eventx:${extras.name}`);
  const stored = options.storage
    ? ownStorage(options.storage)
    : await inDatabase(extras, options, dataSource, logger);

  const runner = new EventxRunner(stored.storage, options.runner, { logger });
  const senders = options.signals.map((transport) => new SignalSender(transport, { logger }));
  const outbox = stored.outbox(() => {
    runner.signal();
    for (const sender of senders) sender.signal();
  });
  outbox?.attach();
  const consumerLog = {
    storage: stored.storage,
    subscriber: runner.subscriber.bind(runner),
  };
  const owner = processName();
  const supervisor = new ConsumerSupervisor<SequencedEvent, EntityManager>(
    consumerLog,
    options.consumers,
    { logger, owner },
  );
  return {
    description: stored.description,
    logger,
    runner,
    outbox,
    senders,
    supervisor,
    consumerLog,
    consumerStore: stored.consumers,
    deadLetterStore: stored.deadLetters,
    doctor: stored.doctor,
    presence: stored.processes && createPresence(stored.processes, owner, runner, options, logger),
    poolSize: stored.poolSize,
    close: () => stored.close(),
    retention:
      stored.retained && createRetention(stored.retained, stored, supervisor, options, logger),
  };
}

async function inDatabase(
  { tables, entity, dataSource: name }: EventxModuleExtras,
  options: ResolvedModuleOptions,
  dataSource: DataSource | undefined,
  logger: EventxLogger,
): Promise<Stored> {
  if (!dataSource) {
    throw new EventxOptionsError(
      `EventxModule found no TypeORM data source${name ? ` named "${name}"` : ''}. Import TypeOrmModule.forRoot(…) in the ` +
        `application, or give the module a "storage" of your own.`,
    );
  }
  const log = await patiently(options.startupTimeout, logger, () =>
    openLog(dataSource, { ...options, tables, entity }, logger),
  );
  return {
    ...log,
    retained: log.storage,
    doctor: log.doctor(options.maxPayloadBytes),
    outbox: (signal) => log.outbox(signal),
  };
}

function ownStorage(storage: NonNullable<ResolvedModuleOptions['storage']>): Stored {
  return {
    description: `in a storage of its own (${storage.constructor.name})`,
    storage,
    retained: canForget(storage) ? storage : null,
    consumers: null,
    deadLetters: null,
    doctor: new EventxDoctor(null),
    processes: null,
    poolSize: null,
    outbox: () => null,
    close: async () => storage.close?.(),
  };
}

function canForget(
  storage: EventxStorage<SequencedEvent, PendingEvent>,
): storage is EventxStorage<SequencedEvent, PendingEvent> & RetainedLog<SequencedEvent> {
  return 'deleteBefore' in storage && 'readMinSeq' in storage && 'readClock' in storage;
}

function createPresence(
  processes: ProcessStore,
  id: string,
  runner: EventxRunner,
  { roles }: ResolvedModuleOptions,
  logger: EventxLogger,
): Presence {
  const describe = () => {
    const { lastSeq, lastError } = runner.status;
    return { id, version: VERSION, roles: [...roles].join(', '), lastSeq, lastError };
  };
  return new Presence(processes, describe, { logger, clock: systemClock });
}

function createRetention(
  retained: RetainedLog<SequencedEvent>,
  { consumers }: Stored,
  supervisor: ConsumerSupervisor<SequencedEvent, EntityManager>,
  options: ResolvedModuleOptions,
  logger: EventxLogger,
): EventxRetentionJob {
  // Every consumer that the database knows, wherever it runs, and those of this process that it does not. An offset that is kept
  // elsewhere is not asked for where the database has a note of it: the other store may be down.
  const offsets = async () => {
    const unknown = [...supervisor.stores].filter(
      (store) => !(store instanceof CustomOffsetStore && store.isNoted),
    );
    const stores = new Set([...(consumers ? [consumers] : []), ...unknown]);
    return (await Promise.all([...stores].map((store) => store.records()))).flat();
  };
  return new EventxRetentionJob(retained, resolveRetentionOptions(options.retention ?? {}), {
    logger,
    offsets,
  });
}

/** @throws EventxOptionsError where the log has a storage of the application's own, which keeps no offsets */
export function requireStore<T>(store: T | null, what: string): T {
  if (store) return store;
  throw new EventxOptionsError(
    `${what} keep their places in the log's database, but this log has a storage of its own. Give the consumer "offsets" ` +
      `({ load, save }): eventx.consumer({ …, offsets }).`,
  );
}
