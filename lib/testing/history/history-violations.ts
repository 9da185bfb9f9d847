import { atomicity } from './atomicity.js';
import { causality } from './causality.js';
import { effects } from './effects.js';
import type { History } from './history.js';
import { streams } from './streams.js';
import { totalOrder } from './total-order.js';

/**
 * Checks a history of writers, subscribers and consumers against the guarantees. For tests under faults of applications and
 * storages: record what everybody did and was told, let the log settle, and check.
 * @returns a line for each violation, beginning with the guarantee (`G1: …`); empty when there is none
 */
export function historyViolations(history: History): string[] {
  return [atomicity, totalOrder, causality, streams, effects].flatMap((rule) => [...rule(history)]);
}
