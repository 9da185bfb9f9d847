/** What retention needs of a database (Go: `RetentionRepository`). */
export interface RetentionStorage {
  /** The database's clock, in ms since 1970: ages are measured by the clock that stamped the events. */
  readClock(): Promise<number>;

  /** The smallest sequence number that the log still has; null when it has no numbered event (Go: `GetMinSequence`). */
  readMinSeq(): Promise<number | null>;

  /**
   * Deletes the events with `seq < before`, smallest first, at most `limit` of them (Go: `DeleteEventsBefore`).
   * Never touches an event without a number, and never makes a concurrent insert wait.
   * @returns how many were deleted
   */
  deleteBefore(before: number, limit: number): Promise<number>;
}
