/**
 * What the log needs to know about an event it has numbered: nothing but its identity, its place and its size.
 * An application's own entity takes part by having these three properties.
 */
export interface SequencedEvent {
  /** Primary key, given by the database at insert. A safe integer. */
  readonly id: number;
  /** Place in the total order: 1, 2, 3, … A safe integer. */
  readonly seq: number;
  /** Approximate size in bytes, for the byte limits of batches and of the window. */
  readonly size: number;
}

/** A committed event that has no sequence number yet. Only the storage that read it looks inside. */
export interface PendingEvent {
  /** Primary key, given by the database at insert. */
  readonly id: number;
  /** Approximate size in bytes. */
  readonly size: number;
}

/** Bytes of an event. An application's entity counts them itself, and may come to no number: nothing then. */
export function bytesOf({ size }: { readonly size: number }): number {
  return size > 0 ? size : 0;
}

/** Bytes of several events together. */
export function sizeOf(events: readonly { readonly size: number }[]): number {
  let bytes = 0;
  for (const event of events) bytes += bytesOf(event);
  return bytes;
}
