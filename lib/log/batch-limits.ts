import { bytesOf, type SequencedEvent } from '../event/event.js';

/** How much one batch may hold. */
export interface BatchLimits {
  /** Most events of a batch. */
  readonly count: number;
  /** Most bytes of a batch. A single event over the limit is still delivered, alone. */
  readonly bytes: number;
}

/**
 * Where a batch that starts at `events[start]` ends: as many events as the limits allow, but at least one.
 * @returns the index behind its last event
 */
export function batchEnd<E extends Pick<SequencedEvent, 'size'>>(
  events: readonly E[],
  start: number,
  limits: BatchLimits,
): number {
  const most = Math.min(events.length, start + limits.count);
  let end = start;
  let bytes = 0;
  while (end < most) {
    bytes += bytesOf(events[end]!);
    if (bytes > limits.bytes && end > start) break;
    end++;
  }
  return end;
}
