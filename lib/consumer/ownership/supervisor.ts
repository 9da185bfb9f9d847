import { type Clock, systemClock } from '../../util/clock.js';
import { EventxOptionsError, EventxUsageError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import type { EventxLogger } from '../../util/logger.js';
import { outside } from '../../util/outside.js';
import type { ConsumerStore } from '../../storage/index.js';
import type { Consumer } from '../definition/consumer.js';
import type { ConsumerLog, ConsumerProcess } from '../consumer-process.js';
import { ConsumerAgent } from './consumer-agent.js';
import { Heartbeat } from './heartbeat.js';
import type { ResolvedConsumerProcessOptions } from './supervisor-options.js';

/** What a supervisor takes from outside. */
export interface SupervisorEnvironment {
  readonly logger: EventxLogger;
  /** Identity of this process, unique for each start. */
  readonly owner: string;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** Keeps the consumers of one process, with a heartbeat for each store. */
export class ConsumerSupervisor<E extends SequencedEvent, M> {
  private readonly agents = new Map<string, ConsumerAgent<E, M>>();
  private readonly heartbeats = new Map<ConsumerStore<E, M>, Heartbeat<E, M>>();
  private readonly runs = new Set<Promise<void>>();
  private readonly process: ConsumerProcess<E>;
  /** Aborts when the present run ends; null outside of one. */
  private end: AbortSignal | null = null;

  constructor(
    log: ConsumerLog<E>,
    options: ResolvedConsumerProcessOptions,
    environment: SupervisorEnvironment,
  ) {
    this.process = { clock: systemClock, random: Math.random, ...environment, log, options };
  }

  /** The consumers of this process, by name. */
  get consumers(): ReadonlyMap<string, Consumer<E, M>> {
    return new Map([...this.agents].map(([name, { consumer }]) => [name, consumer]));
  }

  /** @throws EventxOptionsError when this process has a consumer of that name */
  add(consumer: Consumer<E, M>, store: ConsumerStore<E, M>): void {
    if (this.agents.has(consumer.name)) {
      throw new EventxOptionsError(
        `There is a consumer "${consumer.name}" already. Each consumer needs a name of its own; handlers that are to share ` +
          `one offset are declared together.`,
      );
    }
    const heartbeat = this.heartbeatOf(store);
    const agent = new ConsumerAgent(consumer, store, this.process, heartbeat);
    this.agents.set(consumer.name, agent);
    heartbeat.add(agent);
  }

  /** Where the consumers of this process keep their offsets. */
  get stores(): ReadonlySet<ConsumerStore<E, M>> {
    return new Set([...this.agents.values()].map(({ store }) => store));
  }

  /** Where a consumer of this process keeps its offset. */
  storeOf(name: string): ConsumerStore<E, M> | undefined {
    return this.agents.get(name)?.store;
  }

  /** Ends a consumer in this process; its place in the log stays. */
  async delete(name: string): Promise<void> {
    const agent = this.agents.get(name);
    if (!agent) return;
    const heartbeat = this.heartbeats.get(agent.store)!;
    await heartbeat.close(agent);
    this.agents.delete(name);
    heartbeat.delete(agent);
    if (!heartbeat.isEmpty) return;
    heartbeat.end();
    this.heartbeats.delete(agent.store);
  }

  /** Looks at the database now rather than at the next heartbeat. */
  wake(): void {
    for (const heartbeat of this.heartbeats.values()) heartbeat.wake();
  }

  /**
   * Runs until the signal aborts, then lets handlers end and gives the consumers free.
   * @throws EventxUsageError when it is running already
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.end) throw new EventxUsageError('The consumers of this process are running already.');
    this.end = signal;
    for (const heartbeat of this.heartbeats.values()) this.start(heartbeat, signal);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await Promise.all(this.runs);
    this.end = null;
  }

  private heartbeatOf(store: ConsumerStore<E, M>): Heartbeat<E, M> {
    let heartbeat = this.heartbeats.get(store);
    if (!heartbeat) {
      heartbeat = new Heartbeat(store, this.process);
      this.heartbeats.set(store, heartbeat);
      if (this.end) this.start(heartbeat, this.end);
    }
    return heartbeat;
  }

  private start(heartbeat: Heartbeat<E, M>, end: AbortSignal): void {
    // It may be a request that declares the first consumer.
    const run = outside(() => heartbeat.run(end)).finally(() => this.runs.delete(run));
    this.runs.add(run);
  }
}
