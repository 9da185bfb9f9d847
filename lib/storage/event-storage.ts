import type { PendingEvent, SequencedEvent } from '../event/event.js';

/** Where the log stands: the state row. */
export interface LogState {
  /** The highest sequence number ever given; 0 for a new log. Never goes back, whatever retention deletes. */
  readonly lastSeq: number;
  /** Identity of the log. It changes only when the log is replaced by another one. */
  readonly logId: string;
}

/**
 * What became of a batch that was to be numbered. A conflict is everyday life with several runners, not an error: another one
 * was faster, or a pending event is gone. Nothing was changed; read again.
 */
export type SequenceResult<E> =
  | { readonly outcome: 'sequenced'; readonly events: readonly E[] }
  | { readonly outcome: 'conflict' };

/**
 * What a log needs of a database. The rules are phrased as what must hold; `storageContract` of
 * `nestjs-eventx/testing` checks them for any implementation. All methods may be called concurrently. Each reads the latest
 * committed state of the primary, never a replica.
 *
 * @typeParam E the events that subscribers get
 * @typeParam P an event without a number, as only the storage knows it
 */
export interface EventxStorage<E extends SequencedEvent, P extends PendingEvent = PendingEvent> {
  /** The state row. Rejects when the log does not exist. */
  readState(): Promise<LogState>;

  /**
   * The committed events without a number, smallest ids first, at most `limit` of them.
   *
   * - All of one snapshot. An event of a transaction that committed late has a small id and a commit after its neighbours':
   *   reading on from the last id seen would let a later transaction overtake it.
   * - Waits for nobody: open transactions of producers are invisible, not awaited.
   * - Costs the same whatever the size of the log and of the backlog.
   */
  readPending(limit: number): Promise<readonly P[]>;

  /**
   * Gives `pending[i]` the number `log.lastSeq + 1 + i`, durably and atomically with the state row.
   *
   * - Does so only if the log still stands at `log`, and every one of the events is still there and without a number;
   *   else nothing changes and the outcome is a conflict. Of two runners at once exactly one wins.
   * - A number, once given, is never given again and never changes, even if its event is deleted.
   * - When it rejects, the outcome is unknown: it may have happened. The caller must read again before it goes on.
   *
   * @param pending as `readPending` gave them; never empty
   * @returns the events with their numbers, in order
   */
  sequence(log: LogState, pending: readonly P[]): Promise<SequenceResult<E>>;

  /** The first `limit` events with `seq >= from`, in order of seq. Holes are the caller's to find. */
  read(from: number, limit: number): Promise<readonly E[]>;

  /** The last `limit` numbered events, in order of seq. */
  readLast(limit: number): Promise<readonly E[]>;

  /**
   * As `readState`, but for certain: by a locking read in a transaction, on a connection opened for this alone, so that no snapshot,
   * replica or cache can answer. Asked before a log is taken for truncated, which is rare. Absent where reads cannot be old.
   */
  confirmState?(): Promise<LogState>;

  /** As `read`, but for certain, like `confirmState`. Asked before an event is taken for missing. */
  confirmRead?(from: number, limit: number): Promise<readonly E[]>;

  /**
   * Why `readPending` may be slow for long, in whole sentences for people who run the database; null where it does not know. Asked
   * for when that is to be warned of.
   */
  explainSlowReads?(): Promise<string | null>;

  /**
   * Calls back when there may be something new, until the signal aborts, for storages that hear of it; the poll goes on regardless.
   * Never rejects.
   */
  watch?(changed: () => void, signal: AbortSignal): Promise<void>;

  /** Lets go of what it keeps open, when the application has stopped following the log. Reads may come after it all the same. */
  close?(): void | Promise<void>;
}
