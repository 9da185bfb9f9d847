import { setTimeout as delay } from 'node:timers/promises';

import type { SeededRandom } from '../../support/seeded-random.js';
import type { Cluster } from './cluster.js';
import type { Nemesis } from './nemeses/index.js';

/** Most nemeses at the same time. */
const AT_ONCE = 2;

/** Lets nemeses loose on a cluster: all of them in turn, in an order made by chance, two at a time where they do not exclude each other. */
export class Chaos {
  /** How often each of them struck. */
  readonly struck = new Map<string, number>();
  /** What went wrong that no nemesis should bring about. */
  readonly failures: string[] = [];
  private readonly active = new Map<Nemesis, Promise<void>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly nemeses: readonly Nemesis[],
    private readonly random: SeededRandom,
    private readonly progress: (what: string) => void,
  ) {}

  async rage(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (const nemesis of shuffled(this.nemeses, this.random)) {
        while (!this.mayStrike(nemesis)) await Promise.race(this.active.values());
        if (performance.now() >= end) break;
        this.strike(nemesis);
        await delay(this.random.between(0, 700));
      }
    }
    await Promise.all(this.active.values());
  }

  private mayStrike({ hurts }: Nemesis): boolean {
    const hurt = [...this.active.keys()].map((other) => other.hurts);
    if (hurts === 'server') return hurt.length === 0;
    return hurt.length < AT_ONCE && !hurt.includes(hurts) && !hurt.includes('server');
  }

  private strike(nemesis: Nemesis): void {
    const { name } = nemesis;
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
    const begin = performance.now();
    const struck = nemesis
      .strike(this.cluster, this.random)
      .catch((error: Error) => void this.failures.push(`${name}: ${error.message}`))
      .finally(() => {
        this.active.delete(nemesis);
        this.progress(`  ${name} (${Math.round(performance.now() - begin)} ms)`);
      });
    this.active.set(nemesis, struck);
  }
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.between(0, index);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}
