import type { EntityManager } from 'typeorm';

import { connectionsHeld, poolWarning } from '../consumer/definition/connections-held.js';
import { Consumer, type ConsumerDefinition, typesOf } from '../consumer/definition/consumer.js';
import {
  assertCustomOffsetsFit,
  type CustomOffsets,
  CustomOffsetStore,
  MemoryOffsets,
} from '../consumer/ownership/custom-offsets.js';
import type { ConsumerSupervisor } from '../consumer/ownership/supervisor.js';
import { EventxOptionsError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventTypes } from '../event/event-types.js';
import { EventxEvent } from '../event/eventx-event.js';
import type { EventxLogger } from '../util/logger.js';
import { describeHandler, type DescribedConsumer } from './describe-log.js';
import type { StoredLog } from './stored-log.js';

/** What is declared of a consumer; its payloads are decoded by the log. */
export type LocalDefinition = Omit<ConsumerDefinition<SequencedEvent, EntityManager>, 'decode'>;

export interface LocalConsumersEnvironment {
  readonly supervisor: ConsumerSupervisor<SequencedEvent, EntityManager>;
  readonly stored: Pick<StoredLog, 'consumers' | 'offsetNotes' | 'storage' | 'poolSize'>;
  readonly types: EventTypes;
  readonly logger: EventxLogger;
}

/** The consumers that this process declares, by decorators or in code; they run until the log stops. */
export class LocalConsumers {
  private readonly end = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private started = false;
  private warned: string | null = null;
  /** What the handlers of a consumer are called, for people; where they have names. */
  private readonly described = new Map<string, readonly string[]>();

  constructor(private readonly environment: LocalConsumersEnvironment) {}

  get names(): readonly string[] {
    return [...this.environment.supervisor.consumers.keys()];
  }

  /**
   * @param offsets where its place is kept; in the database of the log unless it is given
   * @param described its handlers, for people. @default their types
   * @throws EventxOptionsError, EventxUsageError
   */
  add(definition: LocalDefinition, offsets?: CustomOffsets, described?: readonly string[]): void {
    const { supervisor, stored, types } = this.environment;
    const consumer = new Consumer<SequencedEvent, EntityManager>({
      ...definition,
      decode: (event) => (event instanceof EventxEvent ? types.toConsume(event) : event),
    });
    const { name } = consumer;
    if (offsets) {
      assertCustomOffsetsFit(name, consumer.options, offsets);
      // What is in memory only is no promise to anybody.
      const notes = offsets instanceof MemoryOffsets ? null : stored.offsetNotes;
      supervisor.add(consumer, new CustomOffsetStore(name, offsets, stored.storage, notes));
    } else {
      supervisor.add(consumer, this.store);
    }
    if (described) this.described.set(name, described);
    this.checkPool();
  }

  /** Ends a consumer in this process; its place in the log stays. */
  remove(name: string): Promise<void> {
    return this.environment.supervisor.delete(name);
  }

  /** For people. */
  describe(): DescribedConsumer[] {
    return [...this.environment.supervisor.consumers].map(([name, { handlers }]) => ({
      name,
      handlers:
        this.described.get(name) ?? handlers.map((handler) => describeHandler(typesOf(handler))),
    }));
  }

  start(): void {
    this.started = true;
    this.checkPool();
    this.running = this.environment.supervisor.run(this.end.signal);
  }

  /** Lets handlers end and gives the consumers free to other processes. */
  async stop(): Promise<void> {
    this.end.abort();
    await this.running;
  }

  private get store(): NonNullable<StoredLog['consumers']> {
    const { consumers } = this.environment.stored;
    if (consumers) return consumers;
    throw new EventxOptionsError(
      `Consumers keep their places in the log's database, but this log has a storage of its own. Give the consumer "offsets" ` +
        `({ load, save }): eventx.consumer({ …, offsets }), or the storage a ConsumerStore as its property "consumers".`,
    );
  }

  /** Once all that the application declares is known, and again with each consumer that comes later. */
  private checkPool(): void {
    if (!this.started) return;
    const { supervisor, stored, logger } = this.environment;
    const warning = poolWarning(connectionsHeld(supervisor.consumers.values()), stored.poolSize);
    if (warning !== null && warning !== this.warned) logger.warn(warning);
    this.warned = warning;
  }
}
