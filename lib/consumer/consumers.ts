import { EventxUsageError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { quoted } from '../util/quoted.js';
import type { ConsumerRecord, ConsumerStore, StuckHandler } from '../storage/index.js';
import type { ConsumerLog } from './consumer-process.js';
import { checkStartFrom, type StartFrom } from '../log/start-from.js';
import { isConsumerName } from './definition/consumer-options.js';
import { placeAt } from './ownership/start-position.js';
import type { ConsumerSupervisor } from './ownership/supervisor.js';

/** What a consumer is doing. */
export type ConsumerState = 'running' | 'waiting' | 'paused' | 'halted';

/** A consumer as people look at it. */
export interface ConsumerInfo {
  readonly name: string;
  /** `waiting`: no process runs it at the moment. */
  readonly state: ConsumerState;
  /** The last event it is done with; 0 before the first. */
  readonly offset: number;
  /** Events it has yet to handle. */
  readonly lag: number;
  /** Age of the oldest of them, in ms; null where events have no time. */
  readonly lagMs: number | null;
  /** Identity of the process that runs it. */
  readonly owner: string | null;
  readonly lastError: string | null;
  /** Since when one attempt after the other has failed; null when none does. */
  readonly failingSince: Date | null;
  /** A handler that has been at one call for longer than `consumers.slowHandler`; null when there is none. */
  readonly stuck: StuckHandler | null;
}

/**
 * Operates the consumers of a log, those of this process and of all others alike: everything is written to the database, and
 * takes effect wherever the consumer runs, here at once, elsewhere within a heartbeat (a quarter of the lease).
 */
export class EventxConsumers<E extends SequencedEvent = SequencedEvent, M = unknown> {
  constructor(
    private readonly store: ConsumerStore<E, M> | null,
    private readonly supervisor: ConsumerSupervisor<E, M>,
    private readonly log: ConsumerLog<E>,
  ) {}

  /**
   * Every consumer known to the log, by name. Of those that keep their offset themselves other processes know what they said last, and
   * whether they run.
   */
  async list(): Promise<ConsumerInfo[]> {
    const stores = new Set([...(this.store ? [this.store] : []), ...this.supervisor.stores]);
    const records = (await Promise.all([...stores].map((store) => store.records()))).flat();
    // What this process says of its own comes last, and counts.
    const byName = new Map(records.map((record) => [record.consumer, record]));
    return [...byName.values()].map(toInfo).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws EventxUsageError when there is no such consumer */
  async get(name: string): Promise<ConsumerInfo> {
    const [record] = await this.storeOf(name).records([name]);
    return toInfo(known(name, record));
  }

  /**
   * Lets the event in hand end, and begins no other until it is resumed; also after a restart.
   * @throws EventxUsageError when there is no such consumer, or it keeps its offset itself in other processes
   */
  async pause(name: string): Promise<void> {
    await this.setPaused(name, true);
  }

  /** Goes on where it was paused, or where it halted. @throws EventxUsageError as `pause` */
  async resume(name: string): Promise<void> {
    await this.setPaused(name, false);
  }

  /**
   * Moves the consumer: the next event it handles is the first from `to` on. What is under way at that moment does not count
   * (in transactional mode its writes are rolled back).
   * @throws EventxUsageError when there is no such consumer, or no such place, or it keeps its offset itself in other processes
   * @throws EventxOptionsError when `to` is no place at all
   */
  async seek(name: string, to: StartFrom): Promise<void> {
    const start = checkStartFrom('The place to seek', to);
    const store = await this.operable(name);
    const place = await placeAt(this.log.storage, start, (to) => store.seek(name, to));
    known(name, place ?? undefined);
    this.supervisor.wake();
  }

  /**
   * Moves the consumer to where it would begin if it were new.
   * @throws EventxUsageError when this process does not declare it
   */
  async reset(name: string): Promise<void> {
    const consumer = this.supervisor.consumers.get(name);
    if (!consumer) {
      throw new EventxUsageError(
        `Consumer ${quoted(String(name))} is not declared in this process, so its start is not known here. Use seek(name, …).`,
      );
    }
    await this.seek(name, consumer.options.startFrom);
  }

  /**
   * Forgets the consumer and its dead letters; retention does not wait for it any more. Where it is still declared it comes back,
   * as a new one, with the next start of a process.
   * @throws EventxUsageError when there is no such consumer
   */
  async remove(name: string): Promise<void> {
    known(name, (await this.storeOf(name).remove(name)) || undefined);
    this.supervisor.wake();
  }

  private async setPaused(name: string, paused: boolean): Promise<void> {
    const store = await this.operable(name);
    known(name, (await store.setPaused(name, paused)) || undefined);
    this.supervisor.wake();
  }

  /**
   * The store by which a consumer is paused and moved. One that keeps its offset itself does not read what the database says of it, so that
   * only a process that declares it can do so.
   */
  private async operable(name: string): Promise<ConsumerStore<E, M>> {
    const store = this.storeOf(name);
    if (store !== this.store) return store;
    const [record] = await store.records([name]);
    if (!known(name, record).keptElsewhere) return store;
    throw new EventxUsageError(
      `Consumer ${quoted(name)} keeps its offset itself, so it is paused, resumed and moved in a process that declares it.`,
    );
  }

  /** Of a name that no consumer can have no store is asked: MySQL takes 'stock ' for 'stock', and a driver may take an object for SQL. */
  private storeOf(name: string): ConsumerStore<E, M> {
    const store = isConsumerName(name) ? (this.supervisor.storeOf(name) ?? this.store) : null;
    return known(name, store ?? undefined);
  }
}

function known<T>(name: string, found: T | undefined): T {
  if (found !== undefined) return found;
  throw new EventxUsageError(
    `There is no consumer ${quoted(String(name))}. It is registered when a process that declares it starts for the first time.`,
  );
}

function toInfo(record: ConsumerRecord): ConsumerInfo {
  const { consumer: name, offset: seq, owner, lastError, lagEvents: lag, lagMs } = record;
  const { failingSince, stuck } = record;
  const state = stateOf(record);
  return {
    name,
    state,
    offset: seq,
    lag,
    lagMs,
    owner,
    lastError,
    failingSince,
    stuck,
  };
}

function stateOf({ halted, paused, owner }: ConsumerRecord): ConsumerState {
  if (halted) return 'halted';
  if (paused) return 'paused';
  return owner === null ? 'waiting' : 'running';
}
