import type { EntityManager } from 'typeorm';

import { connectionsHeld, poolWarning } from '../consumer/definition/connections-held.js';
import { Consumer, type ConsumerDefinition, typesOf } from '../consumer/definition/consumer.js';
import {
  assertCustomOffsetsFit,
  type CustomOffsets,
  CustomOffsetStore,
  MemoryOffsets,
  memoryOffsets,
} from '../consumer/ownership/custom-offsets.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventTypes } from '../event/event-types.js';
import { EventxEvent } from '../event/eventx-event.js';
import { type Log, requireStore } from './create-log.js';
import { declaredConsumers } from './declared-consumers.js';
import { describeHandler, type DescribedConsumer } from './describe-log.js';
import type { HandlerExplorer } from './handler.explorer.js';

type Definition = Omit<ConsumerDefinition<SequencedEvent, EntityManager>, 'decode'>;

/** Mounts the consumers of a log, those of decorated methods and those of code, and runs them until the application stops. */
export class ConsumerOrchestrator {
  private readonly end = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private started = false;
  private warned: string | null = null;
  /** Handlers of the consumers that decorated methods make up, for people. */
  private readonly described = new Map<string, readonly string[]>();

  constructor(
    private readonly log: Log,
    private readonly explorer: HandlerExplorer,
    private readonly types: EventTypes,
    private readonly name: string | undefined,
  ) {}

  /** @throws EventxOptionsError, EventxUsageError */
  mount(definition: Definition, offsets?: CustomOffsets): void {
    const { supervisor, consumerStore, consumerLog } = this.log;
    const consumer = new Consumer({ ...definition, decode: (event) => this.decode(event) });
    if (offsets) {
      const { name } = consumer;
      assertCustomOffsetsFit(name, consumer.options, offsets);
      // What is in memory only is no promise to anybody.
      const notes = offsets instanceof MemoryOffsets ? null : consumerStore;
      supervisor.add(consumer, new CustomOffsetStore(name, offsets, consumerLog.storage, notes));
    } else {
      supervisor.add(consumer, requireStore(consumerStore, 'Consumers'));
    }
    this.checkPool();
  }

  /** Ends a consumer in this process; its place in the log stays. */
  unmount(name: string): Promise<void> {
    return this.log.supervisor.delete(name);
  }

  /** Finds the decorated methods. @throws EventxOptionsError for any that cannot work */
  mountDeclared(): void {
    for (const { definition, described, broadcast } of declaredConsumers<
      SequencedEvent,
      EntityManager
    >(this.explorer.find(), this.name)) {
      this.described.set(definition.name, described);
      this.mount(definition, broadcast ? memoryOffsets() : undefined);
    }
  }

  /** The consumers of this process, for people. */
  describe(): DescribedConsumer[] {
    return [...this.log.supervisor.consumers].map(([name, { handlers }]) => ({
      name,
      handlers:
        this.described.get(name) ?? handlers.map((handler) => describeHandler(typesOf(handler))),
    }));
  }

  /** Runs them, and warns of handlers that nobody will ever call. */
  start(): void {
    const orphans = this.explorer.orphans();
    if (orphans.length > 0) {
      this.log.logger.warn(
        `No module of this application provides ${orphans.join(', ')}: what is decorated with @OnEventx there gets no events here. ` +
          'Add the class to the providers of a module that is imported, unless another service runs it.',
      );
    }
    this.started = true;
    this.checkPool();
    this.running = this.log.supervisor.run(this.end.signal);
  }

  /** Lets handlers end and gives the consumers free to other processes. */
  async stop(): Promise<void> {
    this.end.abort();
    await this.running;
  }

  /** Once all that the application declares is known, and again with each consumer that comes later. */
  private checkPool(): void {
    if (!this.started) return;
    const { supervisor, poolSize, logger } = this.log;
    const warning = poolWarning(connectionsHeld(supervisor.consumers.values()), poolSize);
    if (warning !== null && warning !== this.warned) logger.warn(warning);
    this.warned = warning;
  }

  private decode(event: SequencedEvent): SequencedEvent | Promise<SequencedEvent> {
    return event instanceof EventxEvent ? this.types.toConsume(event) : event;
  }
}
