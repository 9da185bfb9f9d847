import { setTimeout as delay } from 'node:timers/promises';

import type { SeededRandom } from '../seeded-random.js';
import type { ReplicaSettings } from './replica.js';
import type { ReplicaProcess, Replicas } from './replicas.js';

const ACTIONS = ['SIGKILL', 'SIGSTOP', 'restart'] as const;
export type Action = (typeof ACTIONS)[number];

/** A consumer that went from a replica that was harmed to another one. */
export interface TakeOver {
  readonly action: Action;
  readonly consumer: string;
  /** From the harm until another replica handled an event. */
  readonly ms: number;
}

/** Replicas to which bad things happen, one after the other; at least one is always left alone. */
export class Chaos {
  readonly actions: { readonly action: Action; readonly replica: string; readonly at: number }[] =
    [];
  private readonly running = new Map<string, ReplicaProcess>();
  private readonly busy = new Set<string>();
  private readonly repairs = new Set<Promise<void>>();

  constructor(
    private readonly replicas: Replicas,
    private readonly names: readonly string[],
    private readonly settings: Omit<ReplicaSettings, 'url'>,
    private readonly random: SeededRandom,
  ) {}

  async start(): Promise<void> {
    await Promise.all(this.names.map((name) => this.run(name)));
  }

  /** Does harm for so long, then lets everybody recover. */
  async rage(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await delay(this.random.between(100, 1200));
      const calm = this.names.filter((name) => !this.busy.has(name));
      if (calm.length < 2) continue;
      const name = calm[this.random.between(0, calm.length - 1)]!;
      this.harm(name, ACTIONS[this.random.between(0, ACTIONS.length - 1)]!);
    }
    await Promise.all(this.repairs);
  }

  /** Lets all of them end in good order. */
  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((replica) => replica.stop()));
  }

  /** How long consumers were with nobody, for each harm that made them change hands. */
  takeOvers(): TakeOver[] {
    // In order of time: each replica's reports take their own way.
    const handling = [...this.replicas.handling].sort((a, b) => a.at - b.at);
    const consumers = [...new Set(handling.map(({ consumer }) => consumer))];
    return this.actions.flatMap(({ action, replica, at }) =>
      consumers.flatMap((consumer) => {
        const events = handling.filter((event) => event.consumer === consumer);
        const index = events.findLastIndex((event) => event.at <= at);
        if (events[index]?.replica !== replica) return [];
        const next = events.slice(index + 1).find((event) => event.replica !== replica);
        const own = events.slice(index + 1).find((event) => event.replica === replica);
        // It came back before anybody else had to step in.
        if (!next || (own && action !== 'restart' && own.at < next.at)) return [];
        return [{ action, consumer, ms: next.at - at }];
      }),
    );
  }

  private harm(name: string, action: Action): void {
    this.busy.add(name);
    this.actions.push({ action, replica: name, at: Date.now() });
    const repair = this.carryOut(name, action).finally(() => {
      this.busy.delete(name);
      this.repairs.delete(repair);
    });
    this.repairs.add(repair);
  }

  private async carryOut(name: string, action: Action): Promise<void> {
    const replica = this.running.get(name)!;
    switch (action) {
      case 'SIGKILL':
        await replica.kill();
        return this.run(name);
      case 'SIGSTOP':
        replica.suspend();
        await delay(this.random.between(50, 4000));
        return replica.resume();
      case 'restart':
        await replica.stop();
        return this.run(name);
    }
  }

  private async run(name: string): Promise<void> {
    this.running.set(name, await this.replicas.start(name, this.settings));
  }
}
