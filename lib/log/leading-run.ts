import type { SequencedEvent } from '../event/event.js';

/** The events `from`, `from + 1`, … up to the first hole. */
export function leadingRun<E extends SequencedEvent>(
  from: number,
  events: readonly E[],
): readonly E[] {
  const hole = events.findIndex((event, index) => event.seq !== from + index);
  return hole < 0 ? events : events.slice(0, hole);
}
