import type { SequencedEvent } from '../../lib/event/event.js';

/** An event with a number, as the window and the reads of the log know it. */
export const eventAt = (seq: number, size = 1): SequencedEvent => ({ id: seq + 1000, seq, size });

/** The events `first … last`. */
export function eventsFrom(first: number, last: number, size = 1): SequencedEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => eventAt(first + index, size));
}

export const seqsOf = (events: readonly { readonly seq: number }[]) => events.map(({ seq }) => seq);

/** `first, first + 1, … last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
