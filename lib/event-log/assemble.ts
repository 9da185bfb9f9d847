import type { EntityManager } from 'typeorm';

import { EventxConsumers } from '../consumer/consumers.js';
import { EventxDeadLetters } from '../consumer/dead-letters.js';
import { CustomOffsetStore } from '../consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../consumer/ownership/supervisor.js';
import type { EventxDoctor } from '../doctor/doctor.js';
import { EventxOptionsError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { EventTypes } from '../event/event-types.js';
import { EventxRunner } from '../log/runner.js';
import { Presence } from '../processes/presence.js';
import { EventxRetentionJob } from '../retention/retention-job.js';
import { resolveRetentionOptions } from '../retention/retention-options.js';
import { type JobRegistry, RetentionSchedule } from '../retention/retention-schedule.js';
import { SignalSender } from '../signal/signal-sender.js';
import type { Outbox } from '../typeorm/outbox/outbox.js';
import { systemClock } from '../util/clock.js';
import type { EventxLogger } from '../util/logger.js';
import { VERSION } from '../util/version.js';
import type { ResolvedOptions } from './event-log-options.js';
import { LocalConsumers } from './local-consumers.js';
import { processName } from './process-name.js';
import type { StoredLog } from './stored-log.js';

/** What a log takes from the application around it. */
export interface LogEnvironment {
  readonly logger: EventxLogger;
  /** Of a second log in the same application. */
  readonly name?: string;
  /** Where the application sees its scheduled jobs. @default nowhere */
  readonly jobs?: () => Promise<JobRegistry | null>;
}

/** Every part of one log in one process. */
export interface LogParts<E extends SequencedEvent> {
  readonly stored: StoredLog;
  readonly options: ResolvedOptions;
  readonly logger: EventxLogger;
  readonly runner: EventxRunner<E>;
  readonly types: EventTypes;
  /** Null where the application brings a storage of its own. */
  readonly outbox: Outbox | null;
  /** To the processes that sequence the log, where that is not (only) this one. */
  readonly senders: readonly SignalSender[];
  /** The consumers that this process declares. */
  readonly local: LocalConsumers;
  readonly consumers: EventxConsumers<E, EntityManager>;
  readonly deadLetters: EventxDeadLetters<E, EntityManager>;
  /** Null where the application's own storage cannot forget. */
  readonly retention: EventxRetentionJob | null;
  /** Null where the application did not ask for retention. */
  readonly schedule: RetentionSchedule | null;
  /** Says that this process is alive; null where the log has a storage of the application's own. */
  readonly presence: Presence | null;
  readonly doctor: EventxDoctor;
}

/** Puts a log together; nothing of it runs yet. @throws EventxOptionsError */
export function assemble<E extends SequencedEvent>(
  stored: StoredLog,
  options: ResolvedOptions,
  environment: LogEnvironment,
): LogParts<E> {
  const { logger } = environment;
  const { storage } = stored;
  const runner = new EventxRunner<SequencedEvent>(storage, options.runner, { logger });
  const senders = options.signals.map((transport) => new SignalSender(transport, { logger }));
  const outbox = stored.outbox(() => {
    runner.signal();
    for (const sender of senders) sender.signal();
  });
  const owner = processName();
  const log = { storage, subscriber: runner.subscriber.bind(runner) };
  const supervisor = new ConsumerSupervisor<SequencedEvent, EntityManager>(log, options.consumers, {
    logger,
    owner,
  });
  const types = new EventTypes(options.events, { unknown: options.unknownTypes, logger });
  const local = new LocalConsumers({ supervisor, stored, types, logger });
  const retention = retentionOf(stored, supervisor, options, logger);
  const parts: LogParts<SequencedEvent> = {
    stored,
    options,
    logger,
    runner,
    types,
    outbox,
    senders,
    local,
    consumers: new EventxConsumers(stored.consumers, supervisor, log),
    deadLetters: new EventxDeadLetters(stored.deadLetters, supervisor, log),
    retention,
    schedule: options.retention ? scheduleOf(retention, stored, local, environment) : null,
    presence: presenceOf(stored, owner, runner, options, logger),
    doctor: stored.doctor,
  };
  // Which class the events are of is what the application says: it has given the entity, or the storage.
  return parts as unknown as LogParts<E>;
}

function presenceOf(
  { processes }: StoredLog,
  id: string,
  runner: EventxRunner,
  options: ResolvedOptions,
  logger: EventxLogger,
): Presence | null {
  if (!processes) return null;
  const roles = [...options.roles].join(', ');
  const describe = () => {
    const { lastSeq, lastError } = runner.status;
    return { id, version: VERSION, roles, lastSeq, lastError };
  };
  return new Presence(processes, describe, { logger, clock: systemClock });
}

function retentionOf(
  { retained, consumers }: StoredLog,
  supervisor: ConsumerSupervisor<SequencedEvent, EntityManager>,
  options: ResolvedOptions,
  logger: EventxLogger,
): EventxRetentionJob | null {
  if (!retained) return null;
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

function scheduleOf(
  retention: EventxRetentionJob | null,
  { consumers }: StoredLog,
  local: LocalConsumers,
  { logger, name, jobs }: LogEnvironment,
): RetentionSchedule {
  if (!retention) {
    throw new EventxOptionsError(
      'Option "retention": the storage of this log cannot delete. It has to implement RetentionStorage, too.',
    );
  }
  return new RetentionSchedule(retention, {
    name: name === undefined ? 'eventx-retention' : `eventx-retention:${name}`,
    jobs,
    logger,
    caution: () =>
      consumers || retention.options.ignoreConsumers ? null : blindRetention(local.names),
  });
}

/** What retention does not see in a storage that keeps no offsets. */
function blindRetention(declared: readonly string[]): string {
  return (
    'Retention cannot see consumers of other processes: the log has a storage of its own, which keeps no offsets. It waits for those ' +
    `that this process declares (${declared.length > 0 ? declared.join(', ') : 'none so far'}), and may delete what others have yet to handle.`
  );
}
