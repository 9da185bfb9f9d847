import type { Figure } from './figures.js';
import type { Lab } from './lab/lab.js';

/** One question to the library. */
export interface Scenario {
  readonly letter: string;
  readonly title: string;
  measure(lab: Lab): Promise<readonly Figure[]>;
}
