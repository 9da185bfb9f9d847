import { abortable } from '../core/abortable.js';
import type { Clock } from '../core/clock.js';
import { LeaseLostError } from '../core/errors.js';
import type { SequencedEvent } from '../core/event.js';
import { describeError, type EventxLogger } from '../core/logger.js';
import { pause } from '../core/pause.js';
import { WakeUp } from '../core/wake-up.js';
import type { ConsumerRecord, ConsumerStore } from '../storage/index.js';
import { handoverTo } from './balance.js';
import type { ConsumerSlot } from './consumer-slot.js';
import type { ResolvedConsumersOptions } from './supervisor-options.js';
import { unlimited } from './unlimited.js';

export interface HeartbeatEnvironment {
  readonly logger: EventxLogger;
  readonly clock: Clock;
  /** Which process this is. */
  readonly owner: string;
}

/** How long, in ms, consumers that were broken off may take to give themselves free: then nobody answers any more. */
const LAST_WORD_MS = 10_000;

/**
 * The heartbeat of the consumers of one store: it renews their leases, sees what people and other processes have changed, and takes
 * up what is free. Two statements a beat, however many consumers there are. Each store has its own, so that one that fails or hangs
 * harms no consumer but its own.
 */
export class Heartbeat<E extends SequencedEvent, M> {
  private readonly slots = new Map<string, ConsumerSlot<E, M>>();
  private readonly wakeUp: WakeUp;
  private readonly ending = new AbortController();
  private renewedAt = 0;

  constructor(
    private readonly store: ConsumerStore<E, M>,
    private readonly options: ResolvedConsumersOptions,
    private readonly environment: HeartbeatEnvironment,
  ) {
    this.wakeUp = new WakeUp(environment.clock);
  }

  get isEmpty(): boolean {
    return this.slots.size === 0;
  }

  add(slot: ConsumerSlot<E, M>): void {
    this.slots.set(slot.name, slot);
    this.poke();
  }

  delete(slot: ConsumerSlot<E, M>): void {
    this.slots.delete(slot.name);
  }

  /** Beats now. */
  poke(): void {
    this.wakeUp.ring();
  }

  /** Runs until the signal aborts, or `end` is called; then lets handlers end and gives the consumers free. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.ending.signal]);
    let beat = Promise.resolve();
    this.renewedAt = this.environment.clock.now();
    while (!ending.aborted) {
      beat = this.beat();
      await abortable(beat, ending).catch(() => undefined);
      await this.wakeUp.wait(this.interval, ending);
    }
    const closed = new AbortController();
    const giveUp = new AbortController();
    const closing = [...this.slots.values()].map((slot) => slot.close(unlimited(giveUp.signal)));
    beat = abortable(beat, giveUp.signal).catch(() => undefined);
    void Promise.all([beat, ...closing]).then(() => closed.abort());
    await Promise.all([this.wait(closed, giveUp), this.renewUntil(closed.signal)]);
  }

  /** For good. */
  end(): void {
    this.ending.abort();
  }

  private get interval(): number {
    return this.options.lease / 4;
  }

  /** For handlers to end, but not for ever. */
  private async wait(closed: AbortController, giveUp: AbortController): Promise<void> {
    const { clock } = this.environment;
    await pause(this.options.shutdownTimeout, clock, closed.signal);
    this.breakOff((name) => `Consumer "${name}": the application shuts down.`);
    giveUp.abort();
    await pause(LAST_WORD_MS, clock, closed.signal);
    closed.abort();
  }

  /** Nobody shall take over what a handler is still at. */
  private async renewUntil(closed: AbortSignal): Promise<void> {
    for (;;) {
      await this.wakeUp.pause(this.interval, closed);
      if (closed.aborted) return;
      await abortable(this.beat(), closed).catch(() => undefined);
    }
  }

  private async beat(): Promise<void> {
    const { store } = this;
    const { clock, logger, owner } = this.environment;
    const slots = [...this.slots.values()].filter(({ isStarting }) => !isStarting);
    const before = clock.now();
    try {
      const held = slots.filter(({ lease }) => lease !== null).map(({ name }) => name);
      if (held.length > 0) await store.renew(owner, held, this.options.lease);
      const records = await store.records(slots.map(({ name }) => name));
      const byName = new Map(records.map((record) => [record.consumer, record]));
      for (const slot of slots) slot.follow(byName.get(slot.name));
      await this.balance(records);
      this.renewedAt = before;
    } catch (error) {
      logger.debug?.(`Heartbeat of the consumers failed: ${describeError(error)}`);
      this.loseExpired();
    }
  }

  private async balance(records: readonly ConsumerRecord[]): Promise<void> {
    const { owner } = this.environment;
    const handover = handoverTo(owner, records, new Set(this.slots.keys()));
    if (handover) await this.store.want(handover.consumer, owner, handover.from);
  }

  /** Without a renewal the leases have run out by now; other processes may have the consumers. */
  private loseExpired(): void {
    const { lease } = this.options;
    if (this.environment.clock.now() - this.renewedAt < lease) return;
    this.breakOff((name) => `Consumer "${name}": its lease could not be renewed for ${lease} ms.`);
  }

  private breakOff(why: (name: string) => string): void {
    for (const slot of this.slots.values()) slot.breakOff(new LeaseLostError(why(slot.name)));
  }
}
