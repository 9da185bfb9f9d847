import type { SequencedEvent } from '../event/event.js';
import type { BatchLimits } from './batch-limits.js';

/** The newest part of the log, in memory: what a subscriber reads from when it is near the head. The window implements it. */
export interface RecentEvents<E extends SequencedEvent> {
  /** The last sequence number of the log as this process knows it; null before the log was first read. */
  readonly head: number | null;
  /** The smallest sequence number held; `head + 1` when none is. */
  readonly first: number;
  /** Changes whenever the log turned out to have moved back or to have been replaced. */
  readonly generation: number;
  /** A batch that starts at `from`, which must be held. */
  read(from: number, limits: BatchLimits): E[];
  /**
   * Resolves as soon as the log has an event with `seq >= from` or its generation changes; at once when that is so already.
   * A waiter far ahead of the head is as good as any other.
   * @throws the signal's reason, or EventxClosedError
   */
  waitFor(from: number, signal?: AbortSignal): Promise<void>;
  /** Resolves when the log has been read for the first time. @throws the signal's reason, or EventxClosedError */
  ready(signal?: AbortSignal): Promise<void>;
}
