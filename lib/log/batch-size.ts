/** Bounds of a batch of the sequencer. */
export interface BatchSizes {
  /** Events per batch without a backlog. */
  readonly base: number;
  /** Events per batch at most. */
  readonly largest: number;
  /** Bytes that a batch aims to stay below. */
  readonly bytes: number;
}

/** What the last batch held. */
export interface BatchSeen {
  readonly count: number;
  readonly bytes: number;
}

/**
 * How many events to ask for next: twice as many after a full batch, back to the base after a short one, and never more than
 * events of the size just seen fit the byte goal.
 */
export function nextBatchSize(asked: number, seen: BatchSeen, sizes: BatchSizes): number {
  if (seen.count === 0) return sizes.base;
  const wanted = seen.count >= asked ? Math.min(asked * 2, sizes.largest) : sizes.base;
  return Math.max(1, Math.min(wanted, fittingCount(seen, sizes)));
}

/** How many events of the size just seen fit the byte goal. */
export function fittingCount(seen: BatchSeen, { bytes }: BatchSizes): number {
  return Math.floor((bytes * seen.count) / Math.max(1, seen.bytes));
}
