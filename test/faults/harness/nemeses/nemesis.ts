import type { SeededRandom } from '../../../support/seeded-random.js';
import type { Cluster } from '../cluster.js';

/** Something bad that happens to a cluster, for a while. Everything is as before when it is over. */
export interface Nemesis {
  readonly name: string;
  /** What it hurts. Nothing is hurt in two ways at once, and nothing else happens while the server is. */
  readonly hurts: 'connections' | 'network' | 'processes' | 'reads' | 'rows' | 'server';
  /** What of a cluster it cannot do without. */
  readonly needs?: 'replica';
  strike(cluster: Cluster, random: SeededRandom): Promise<void>;
}

export function pick<T>(choices: readonly T[], random: SeededRandom): T {
  return choices[random.between(0, choices.length - 1)]!;
}
