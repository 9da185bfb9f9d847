import type { SequencedEvent } from '../event/event.js';
import type { FailedAttempt } from './consumer-store.js';

/** Where a dead letter comes in their order. */
export type DeadLetterPlace = Pick<DeadLetter, 'consumer' | 'seq'>;

/** Which dead letters; all conditions together. */
export interface DeadLetterFilter {
  readonly consumer?: string;
  readonly type?: string;
  readonly key?: string;
  /** Parked at this time or later. */
  readonly since?: Date;
  /** Parked before this time. */
  readonly until?: Date;
  /** Only those behind this place: the last letter of a page gives the next one. */
  readonly after?: DeadLetterPlace;
  /** @default 100 */
  readonly limit?: number;
}

/** An event that a consumer could not handle. It keeps its own copy of the event, out of reach of retention. */
export interface DeadLetter<E extends SequencedEvent = SequencedEvent> {
  readonly id: number;
  readonly consumer: string;
  readonly seq: number;
  /** Null where the events of the log have no type. */
  readonly type: string | null;
  readonly key: string | null;
  /** `failed`, or `blocked` behind a failed event of its key. */
  readonly reason: 'failed' | 'blocked';
  readonly attempts: number;
  /** Oldest first; the last few of a long history. */
  readonly failures: readonly FailedAttempt[];
  readonly parkedAt: Date;
  /** Null when the log keeps no copies (an entity of the application's own) and retention has deleted it. */
  readonly event: E | null;
}

/** The dead letters of the consumers of one log. */
export interface DeadLetterStore<E extends SequencedEvent, M = unknown> {
  /** In order of consumer and seq. */
  find(filter: DeadLetterFilter): Promise<readonly DeadLetter<E>[]>;
  get(id: number): Promise<DeadLetter<E> | null>;
  /** The oldest letter of the same consumer and key that is older than this one; null when there is none. */
  olderOfKey(
    letter: Pick<DeadLetter, 'consumer' | 'key' | 'seq'>,
  ): Promise<Pick<DeadLetter, 'id' | 'seq'> | null>;
  /**
   * Reserves a letter for one replay. @returns false when another replay has it, or it is gone
   */
  claim(id: number, claim: string, forMs: number): Promise<boolean>;
  /** Gives a reserved letter free, with one more failure noted. */
  unclaim(id: number, claim: string, failure: FailedAttempt): Promise<void>;
  /** Removes a reserved letter. @returns false when it is not reserved under this claim any more */
  deleteClaimed(id: number, claim: string): Promise<boolean>;
  /** Removes a reserved letter together with what `work` writes; nothing of either when it is not reserved any more. */
  deleteClaimedWith(
    id: number,
    claim: string,
    work: (manager: M) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Removes a letter, handled or not. @returns whether it was there */
  discard(id: number): Promise<boolean>;
  /** Removes the letters that `find` would give, handled or not. @returns how many */
  discardSome(filter: DeadLetterFilter): Promise<number>;
}
