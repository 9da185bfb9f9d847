import type { LogState } from './event-storage.js';

/** Under which conditions events may be deleted. */
export interface DeletionTerms {
  /** The log as it was when it was decided what to delete: where it has moved back since, or was replaced, nothing is. */
  readonly since?: LogState;
  /** Whether to delete what registered consumers have yet to handle. @default false */
  readonly ignoreConsumers?: boolean;
}

/** What retention needs of a database. */
export interface RetentionStorage {
  /** The database's clock, in ms since 1970: ages are measured by the clock that stamped the events. */
  readClock(): Promise<number>;

  /** The smallest sequence number that the log still has; null when it has no numbered event. */
  readMinSeq(): Promise<number | null>;

  /**
   * Deletes the events with `seq < before`, smallest first, at most `limit` of them.
   *
   * - Never touches an event without a number, and never makes a concurrent insert wait.
   * - The terms are checked together with the delete, not before it. Where the storage keeps the offsets of consumers as well: one
   *   that is registered or moved back at the same time either keeps what comes after its new place, or is told that it is gone.
   *
   * @returns how many were deleted
   */
  deleteBefore(before: number, limit: number, terms?: DeletionTerms): Promise<number>;
}
