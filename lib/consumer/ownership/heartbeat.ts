import { abortable } from '../../util/abortable.js';
import type { SequencedEvent } from '../../event/event.js';
import { describeError } from '../../util/logger.js';
import { settlesWithin } from '../../util/pause.js';
import { WakeUp } from '../../util/wake-up.js';
import type { ConsumerRecord, ConsumerStore } from '../../storage/index.js';
import type { ConsumerProcess } from '../consumer-process.js';
import { handoverTo } from './balance.js';
import type { AgentListener, ConsumerAgent } from './consumer-agent.js';

/** How long, in ms, consumers that were broken off may take to give themselves free: then nobody answers any more. */
const LAST_WORD_MS = 10_000;

/**
 * The heartbeat of the consumers of one store: it renews their leases, sees what people and other processes have changed, and takes
 * up what is free. Two statements a tick, however many consumers there are. Each store has its own, so that one that fails or hangs
 * harms no consumer but its own.
 */
export class Heartbeat<E extends SequencedEvent, M> implements AgentListener {
  private readonly agents = new Map<string, ConsumerAgent<E, M>>();
  private readonly wakeUp: WakeUp;
  private readonly ending = new AbortController();
  private saidStale = false;

  constructor(
    private readonly store: ConsumerStore<E, M>,
    private readonly process: ConsumerProcess<E>,
  ) {
    this.wakeUp = new WakeUp(process.clock);
  }

  get isEmpty(): boolean {
    return this.agents.size === 0;
  }

  add(agent: ConsumerAgent<E, M>): void {
    this.agents.set(agent.name, agent);
    this.wake();
  }

  delete(agent: ConsumerAgent<E, M>): void {
    this.agents.delete(agent.name);
  }

  /** Ticks now. */
  wake(): void {
    this.wakeUp.ring();
  }

  /** Runs until the signal aborts, or `end` is called; then lets handlers end and gives the consumers free. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.ending.signal]);
    let tick = Promise.resolve();
    while (!ending.aborted) {
      tick = this.tick();
      await abortable(tick, ending).catch(() => undefined);
      await this.wakeUp.wait(this.interval, ending);
    }
    const closed = new AbortController();
    await Promise.all([
      this.closeAll([...this.agents.values()], tick).then(() => closed.abort()),
      this.renewUntil(closed.signal),
    ]);
  }

  /** Ends a consumer for good; its handlers may go on for as long as at shutdown. */
  close(agent: ConsumerAgent<E, M>): Promise<void> {
    return this.closeAll([agent]);
  }

  /** Says once that reads are out of date: leases hold all the same, but nothing else is seen in time. */
  staleRead(): void {
    if (this.saidStale) return;
    this.saidStale = true;
    this.process.logger.warn(
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
    return this.process.options.lease / 4;
  }

  /**
   * Waits for handlers to end, but not for ever.
   * @param tick the last one: what it does, too, is to be done before the database is closed
   */
  private async closeAll(
    agents: readonly ConsumerAgent<E, M>[],
    tick: Promise<void> = Promise.resolve(),
  ): Promise<void> {
    const { clock, options } = this.process;
    const closing = Promise.all([tick, ...agents.map((agent) => agent.close())]);
    if (await settlesWithin(closing, options.shutdownTimeout, clock)) return;
    for (const agent of agents) {
      agent.abort({
        how: 'was broken off',
        why: `it is to end, but its handlers did not within ${options.shutdownTimeout} ms (consumers.shutdownTimeout).`,
      });
    }
    await settlesWithin(Promise.all(agents.map(({ ended }) => ended)), LAST_WORD_MS, clock);
  }

  /**
   * Nobody shall take over what a handler is still at. This is a loop of its own because it must not wait for the last tick of `run`, which
   * may hang, and because consumers that end do not wake it: nothing is to be asked of the database once the last one has ended.
   */
  private async renewUntil(closed: AbortSignal): Promise<void> {
    for (;;) {
      await this.wakeUp.pause(this.interval, closed);
      if (closed.aborted) return;
      await abortable(this.tick(), closed).catch(() => undefined);
    }
  }

  /** Renews the leases, and reconciles what runs here with what the database says. Never rejects. */
  private async tick(): Promise<void> {
    const { store } = this;
    const { clock, logger, owner, options } = this.process;
    const agents = [...this.agents.values()].filter(({ isStarting }) => !isStarting);
    const before = agents.map((agent) => ({ agent, lease: agent.lease }));
    const held = before.filter(({ lease }) => lease !== null);
    const sentAt = clock.now();
    try {
      if (held.length > 0) {
        const names = held.map(({ agent }) => agent.name);
        await store.renew(owner, names, options.lease);
        for (const { agent, lease } of held) agent.renewed(lease!, sentAt);
      }
      const records = await store.records(agents.map(({ name }) => name));
      const byName = new Map(records.map((record) => [record.consumer, record]));
      for (const { agent, lease } of before) agent.reconcile(byName.get(agent.name), lease);
      await this.balance(records);
    } catch (error) {
      // A lease that is not renewed ends by itself.
      logger.debug?.(`Heartbeat of the consumers failed: ${describeError(error)}`);
    }
  }

  private async balance(records: readonly ConsumerRecord[]): Promise<void> {
    const { owner } = this.process;
    const handover = handoverTo(owner, records, new Set(this.agents.keys()));
    if (handover) await this.store.requestHandover(handover.consumer, owner, handover.from);
  }
}
