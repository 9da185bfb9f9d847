import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';

/** Which of several workers handles an event: always the same for the same key, in every process and version. */
export function workerIndexOf(event: SequencedEvent, workers: number): number {
  const { key } = envelopeOf(event);
  if (key === null) return event.seq % workers;
  // FNV-1a: short, and it spreads well.
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % workers;
}
