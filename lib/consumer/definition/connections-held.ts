import type { SequencedEvent } from '../../event/event.js';
import type { Consumer } from './consumer.js';

/** How many connections of the application's pool the handlers of these consumers hold at once, when all of them are at work. */
export function connectionsHeld<E extends SequencedEvent, M>(
  consumers: Iterable<Consumer<E, M>>,
): number {
  let held = 0;
  for (const { options } of consumers) if (options.transactional) held += options.concurrency;
  return held;
}

/**
 * What to say where handlers can take the whole pool; null where they leave some of it to requests.
 * @param poolSize null where there is no pool
 */
export function poolWarning(held: number, poolSize: number | null): string | null {
  if (poolSize === null || held < poolSize) return null;
  return (
    `Transactional handlers can hold ${held} connections at once, and the application's pool has ${poolSize}: while all of them are at ` +
    `work, requests and further handlers wait. Raise extra.connectionLimit of the data source above ${held}, or lower "concurrency".`
  );
}
