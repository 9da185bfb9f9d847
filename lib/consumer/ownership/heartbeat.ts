import { abortable, unlimited } from '../../util/abortable.js';
import type { Clock } from '../../util/clock.js';
import type { SequencedEvent } from '../../event/event.js';
import { describeError, type EventxLogger } from '../../util/logger.js';
import { pause } from '../../util/pause.js';
import { WakeUp } from '../../util/wake-up.js';
import type { ConsumerRecord, ConsumerStore } from '../../storage/index.js';
import { handoverTo } from './balance.js';
import type { ConsumerAgent } from './consumer-agent.js';
import type { ResolvedConsumerProcessOptions } from './supervisor-options.js';

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
  private readonly slots = new Map<string, ConsumerAgent<E, M>>();
  private readonly wakeUp: WakeUp;
  private readonly ending = new AbortController();
  private saidStale = false;

  constructor(
    private readonly store: ConsumerStore<E, M>,
    private readonly options: ResolvedConsumerProcessOptions,
    private readonly environment: HeartbeatEnvironment,
  ) {
    this.wakeUp = new WakeUp(environment.clock);
  }

  get isEmpty(): boolean {
    return this.slots.size === 0;
  }

  add(slot: ConsumerAgent<E, M>): void {
    this.slots.set(slot.name, slot);
    this.wake();
  }

  delete(slot: ConsumerAgent<E, M>): void {
    this.slots.delete(slot.name);
  }

  /** Beats now. */
  wake(): void {
    this.wakeUp.ring();
  }

  /** Runs until the signal aborts, or `end` is called; then lets handlers end and gives the consumers free. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.ending.signal]);
    let beat = Promise.resolve();
    while (!ending.aborted) {
      beat = this.tick();
      await abortable(beat, ending).catch(() => undefined);
      await this.wakeUp.wait(this.interval, ending);
    }
    const closed = new AbortController();
    await Promise.all([
      this.closeAll([...this.slots.values()], beat).then(() => closed.abort()),
      this.renewUntil(closed.signal),
    ]);
  }

  /** Ends a consumer for good; its handlers may go on for as long as at shutdown. */
  close(slot: ConsumerAgent<E, M>): Promise<void> {
    return this.closeAll([slot]);
  }

  /** Says once that reads are out of date: leases hold all the same, but nothing else is seen in time. */
  staleRead(): void {
    if (this.saidStale) return;
    this.saidStale = true;
    this.environment.logger.warn(
      'What is read of the consumers is out of date: a plain read said that a consumer is lost, a locking one that it is not. Does a ' +
        'proxy send reads to a replica, or does the application leave transactions open? Send what this data source reads to the ' +
        'primary; until then pauses, seeks and other processes are noticed late.',
    );
  }

  /** For good. */
  end(): void {
    this.ending.abort();
  }

  private get interval(): number {
    return this.options.lease / 4;
  }

  /** Waits for handlers to end, but not for ever. */
  private async closeAll(
    slots: readonly ConsumerAgent<E, M>[],
    beat: Promise<void> = Promise.resolve(),
  ): Promise<void> {
    const { clock } = this.environment;
    const { shutdownTimeout } = this.options;
    const closed = new AbortController();
    const giveUp = new AbortController();
    const closing = slots.map((slot) => slot.close(unlimited(giveUp.signal)));
    const lastBeat = abortable(beat, giveUp.signal).catch(() => undefined);
    void Promise.all([lastBeat, ...closing]).then(() => closed.abort());
    await pause(shutdownTimeout, clock, closed.signal);
    for (const slot of slots) {
      slot.abort({
        how: 'was broken off',
        why: `it is to end, but its handlers did not within ${shutdownTimeout} ms (consumers.shutdownTimeout).`,
      });
    }
    giveUp.abort();
    await pause(LAST_WORD_MS, clock, closed.signal);
  }

  /** Nobody shall take over what a handler is still at. */
  private async renewUntil(closed: AbortSignal): Promise<void> {
    for (;;) {
      await this.wakeUp.pause(this.interval, closed);
      if (closed.aborted) return;
      await abortable(this.tick(), closed).catch(() => undefined);
    }
  }

  private async tick(): Promise<void> {
    const { store } = this;
    const { clock, logger, owner } = this.environment;
    const slots = [...this.slots.values()].filter(({ isStarting }) => !isStarting);
    const before = slots.map((slot) => ({ slot, lease: slot.lease }));
    const held = before.filter(({ lease }) => lease !== null);
    const sentAt = clock.now();
    try {
      if (held.length > 0) {
        const names = held.map(({ slot }) => slot.name);
        await store.renew(owner, names, this.options.lease);
        for (const { slot, lease } of held) slot.renewed(lease!, sentAt);
      }
      const records = await store.records(slots.map(({ name }) => name));
      const byName = new Map(records.map((record) => [record.consumer, record]));
      for (const { slot, lease } of before) slot.reconcile(byName.get(slot.name), lease);
      await this.balance(records);
    } catch (error) {
      // A lease that is not renewed ends by itself.
      logger.debug?.(`Heartbeat of the consumers failed: ${describeError(error)}`);
    }
  }

  private async balance(records: readonly ConsumerRecord[]): Promise<void> {
    const { owner } = this.environment;
    const handover = handoverTo(owner, records, new Set(this.slots.keys()));
    if (handover) await this.store.requestHandover(handover.consumer, owner, handover.from);
  }
}
