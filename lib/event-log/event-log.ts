import type { DataSource, EntityManager } from 'typeorm';

import type { EventxConsumers } from '../consumer/consumers.js';
import type { EventxDeadLetters } from '../consumer/dead-letters.js';
import type { EventxDoctor } from '../doctor/doctor.js';
import { EventxOptionsError, EventxUsageError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventxEvent } from '../event/eventx-event.js';
import type { EventxRunner } from '../log/runner.js';
import type { EventxRetentionJob } from '../retention/retention-job.js';
import { outside } from '../util/outside.js';
import { assemble, type LogEnvironment, type LogParts } from './assemble.js';
import { describeLog } from './describe-log.js';
import type { LogPlace, ResolvedOptions } from './event-log-options.js';
import { EventxService } from './eventx.service.js';
import type { LocalConsumers } from './local-consumers.js';
import { openInDatabase } from './open-in-database.js';
import { ownStorage } from './own-storage.js';
import { patiently } from './patiently.js';

/** One log in one process: publish, subscribe, consume, operate. Its parts start and stop together. */
export class EventLog<E extends SequencedEvent = EventxEvent> extends EventxService<E> {
  private readonly end = new AbortController();
  private running: Promise<unknown> = Promise.resolve();
  private started = false;
  private stopping: Promise<void> | undefined;

  private constructor(private readonly parts: LogParts<E>) {
    super(parts);
    parts.outbox?.attach();
  }

  /**
   * Opens the log; nothing runs before `start`.
   * @param dataSource not needed where the options have a storage of the application's own
   * @throws EventxSchemaError, EventxOptionsError, StorageTimeoutError
   */
  static async open<E extends SequencedEvent>(
    dataSource: DataSource | undefined,
    options: ResolvedOptions,
    place: LogPlace,
    environment: LogEnvironment,
  ): Promise<EventLog<E>> {
    const stored = options.storage
      ? ownStorage(options.storage)
      : await patiently(options.startupTimeout, environment.logger, () =>
          openInDatabase(required(dataSource), { ...options, ...place }, environment.logger),
        );
    try {
      return new EventLog<E>(assemble(stored, options, environment));
    } catch (error) {
      await stored.close();
      throw error;
    }
  }

  /** Follows the log in this process. */
  get runner(): EventxRunner<E> {
    return this.parts.runner;
  }

  /** Operates the consumers, those of this process and of all others. */
  get consumers(): EventxConsumers<E, EntityManager> {
    return this.parts.consumers;
  }

  get deadLetters(): EventxDeadLetters<E, EntityManager> {
    return this.parts.deadLetters;
  }

  /** Null where the application's own storage cannot forget. */
  get retention(): EventxRetentionJob | null {
    return this.parts.retention;
  }

  get doctor(): EventxDoctor {
    return this.parts.doctor;
  }

  /** @internal For what declares consumers by other means than `consumer()`. */
  get local(): LocalConsumers {
    return this.parts.local;
  }

  /** Starts what the option `run` says. @throws EventxUsageError when it was started already, EventxOptionsError */
  async start(): Promise<void> {
    if (this.started) throw new EventxUsageError('This log was started already.');
    this.started = true;
    const { options, stored, logger, schedule, presence, local, runner } = this.parts;
    const { roles } = options;
    if (roles.size === 0) return logger.log(describeLog(stored.description, roles, []));
    // First, because it may refuse its schedule: then nothing runs that nobody would stop.
    if (roles.has('sequence')) await outside(() => schedule?.start());
    this.running = Promise.all([runner.run(this.end.signal), presence?.run(this.end.signal)]);
    if (roles.has('consume')) local.start();
    logger.log(describeLog(stored.description, roles, local.describe()));
  }

  /** Stops what runs, in the opposite order: handlers end, and consumers are free for other processes. Publishing still works. */
  stop(): Promise<void> {
    return (this.stopping ??= this.stopAll());
  }

  /** Stops what runs, and closes the connections of the log. For good; to be called before the data source is closed. */
  async close(): Promise<void> {
    await this.stop();
    this.parts.outbox?.close();
    await this.parts.stored.close();
  }

  private async stopAll(): Promise<void> {
    const { schedule, local, runner, senders } = this.parts;
    await schedule?.stop();
    await local.stop();
    this.end.abort();
    runner.close();
    await this.running;
    await Promise.all(senders.map((sender) => sender.close()));
  }
}

function required(dataSource: DataSource | undefined): DataSource {
  if (dataSource) return dataSource;
  throw new EventxOptionsError(
    'This log has no TypeORM data source. Give it one, or a "storage" of your own.',
  );
}
