import type { SequencedEvent } from '../event/event.js';

/** A place in the log: the last event a consumer is done with. */
export interface Position {
  /** 0 before the first event. */
  readonly offset: number;
  /** UUID of that event, where events have one: shows that the log is still the same. */
  readonly uuid: string | null;
}

/** A place to put a consumer to. */
export interface Destination extends Position {
  /** Whether to put it there even though retention has deleted the next event. @default false */
  readonly evenIfGone?: boolean;
}

/** What became of a consumer that was to be put somewhere. */
export type Placed =
  /** It is there. Retention keeps what comes next. */
  | 'placed'
  /** There is no such consumer, or the lease was not valid any more. Nothing was changed. */
  | 'unknown'
  /** Retention has deleted the event that comes next. Nothing was changed: look again where it is to go. */
  | 'gone';

/** The right to run a consumer, until it is lost. Every write names its fencing token; a later lease has a higher one. */
export interface Lease extends Position {
  readonly consumer: string;
  readonly owner: string;
  readonly fencingToken: number;
  /** Whether nobody can take it over: then it need not be renewed, and never runs out. */
  readonly endless?: boolean;
}

/** A handler that has been at one call for long. */
export interface StuckHandler {
  /** When the call began. */
  readonly since: Date;
  /** Which handler, and what it is at. */
  readonly at: string;
}

/** One consumer as the database knows it. */
export interface ConsumerRecord extends Position {
  readonly consumer: string;
  /** Higher with every lease and every seek. */
  readonly fencingToken: number;
  /** Which process runs it; null when none does. */
  readonly owner: string | null;
  /** Which process has it, or had it when its lease ran out; null when it was given free. */
  readonly lastOwner: string | null;
  /** Which process asks for it, to spread the load; null when none does. */
  readonly wantedBy: string | null;
  readonly paused: boolean;
  /** Stopped for good by its failure policy, until it is resumed. */
  readonly halted: boolean;
  /** Why the last attempt failed, or why it was halted. */
  readonly lastError: string | null;
  /** Since when one attempt after the other has failed; null when none does. By the database's clock. */
  readonly failingSince: Date | null;
  /** The handler that has been at one call for long; null when there is none. By the database's clock. */
  readonly stuck: StuckHandler | null;
  /** Whether it keeps its offset itself: what is known here is what it has said last. @default false */
  readonly keptElsewhere?: boolean;
  /** Numbered events it has not handled. */
  readonly lagEvents: number;
  /** Age of the oldest of them in ms, by the database's clock; 0 when there is none, null where events have no time. */
  readonly lagMs: number | null;
}

/** Who has a consumer, whether or not the lease has run out. */
export type Holder = Pick<ConsumerRecord, 'owner' | 'fencingToken'>;

/** How often, when and why an event failed. */
export interface FailedAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly error: string;
  /** Which handler failed, e.g. `Mailer.onOrder`. */
  readonly handler?: string;
  /** Which attempt it was, from 1. */
  readonly attempt?: number;
}

/** An event that a consumer could not handle, or that waits behind one of the same key. */
export interface NewDeadLetter<E extends SequencedEvent> {
  readonly event: E;
  /** `failed`, or `blocked` behind a failed event of its key. */
  readonly reason: 'failed' | 'blocked';
  /** How often it was tried. */
  readonly attempts: number;
  /** The last few of them. */
  readonly failures: readonly FailedAttempt[];
}

/**
 * What a consumer does in one transaction. All of it, and what the handler wrote through `manager`, commits together or not at all.
 * @typeParam M what a transactional handler writes through
 */
export interface ConsumerUnit<E extends SequencedEvent, M> {
  readonly manager: M;
  /**
   * Moves the offset. @returns false when the lease is not valid any more; the unit must then be rolled back
   */
  moveTo(lease: Lease, position: Position): Promise<boolean>;
  /**
   * Marks an event as handled, ahead of the offset. Nobody can take the consumer over before the transaction ends.
   * @returns false when the lease is not valid any more, or the event was marked before
   */
  markHandled(lease: Lease, seq: number): Promise<boolean>;
  /** Adds dead letters; one that is there already stays as it is. */
  park(lease: Lease, letters: readonly NewDeadLetter<E>[]): Promise<void>;
  /** Whether the consumer has dead letters of this key; they cannot be replayed away before the transaction ends. */
  isBlocked(lease: Lease, key: string): Promise<boolean>;
}

/**
 * Offsets, leases and dead letters of the consumers of one log. Time is the database's; no clock of a process decides anything.
 */
export interface ConsumerStore<E extends SequencedEvent, M = unknown> {
  /** Makes the consumer known at `start`, unless it is known already. Its fencing tokens are higher than those it had before it was removed. */
  register(consumer: string, start: Destination): Promise<Placed>;
  /** The consumers known, or those named, by name. */
  records(consumers?: readonly string[]): Promise<readonly ConsumerRecord[]>;

  /**
   * Takes the consumer, if nobody has it, its lease ran out, or it is `owner`'s own; raises its fencing token.
   * @returns null when somebody else has it or it is reserved for somebody, it is paused or halted, or it is not known
   */
  acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null>;
  /**
   * Who has the consumer, by a read that is never out of date, not even where plain reads are answered by a replica: a locking one.
   * It may wait for a transaction that has the consumer's row.
   * @returns null when the consumer is not known
   */
  holder(consumer: string): Promise<Holder | null>;
  /** Extends the owner's leases of these consumers, where they have not been taken over, in one statement. */
  renew(owner: string, consumers: readonly string[], leaseMs: number): Promise<void>;
  /** Gives the consumer free at once; for `reservedMs` to a process that asked for it alone, if there is one. */
  release(lease: Lease, reservedMs: number): Promise<void>;
  /** Asks `from`, which has the consumer, to give it to `owner`. */
  requestHandover(consumer: string, owner: string, from: string): Promise<void>;

  /** Moves the offset by itself. @returns false when the lease is not valid any more; nothing changed then */
  commit(lease: Lease, position: Position): Promise<boolean>;
  /**
   * Runs `work` in a transaction, which is committed if it resolves to true, else rolled back. When the signal aborts while `work` is
   * at it, the transaction is broken off for certain: whatever `work` still writes is never committed. When it aborts later, a commit is
   * under way, and may land.
   * @returns true when it was committed; false when it was rolled back, or broken off
   * @throws what `work` throws, and the errors of the database; after an error of the commit it may have landed
   */
  atomically(
    work: (unit: ConsumerUnit<E, M>) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Forgets which events were marked as handled, up to one that the offset has passed; nothing when the lease is not valid any more. */
  forgetHandled(lease: Lease, upTo: number): Promise<void>;
  /** The events ahead of the offset that were marked as handled, or parked there. */
  handledAhead(lease: Lease): Promise<readonly number[]>;
  /** The keys that have dead letters. */
  blockedKeys(consumer: string): Promise<readonly string[]>;
  /** Records the last failure, for people; null when it is over. Never fails a consumer. */
  report(lease: Lease, error: string | null): Promise<void>;
  /** Records that a handler has been at one call for `forMs`, for people; null when it is done. Never fails a consumer. */
  reportStuck(
    lease: Lease,
    call: { readonly at: string; readonly forMs: number } | null,
  ): Promise<void>;
  /** Stops the consumer for good. */
  halt(lease: Lease, error: string): Promise<void>;

  /** Pauses or resumes; resuming also ends a halt. @returns whether the consumer is known */
  setPaused(consumer: string, paused: boolean): Promise<boolean>;
  /**
   * Moves the offset by hand and forgets the marks, at once: whoever runs the consumer loses it and starts again from there.
   * @param lease moves it only while this one is valid
   */
  seek(consumer: string, to: Destination, lease?: Lease): Promise<Placed>;
  /** Forgets the consumer, its dead letters included, at once. @returns whether it was known */
  remove(consumer: string): Promise<boolean>;
}

/** What a consumer says that keeps its offset itself. */
export interface OffsetNote extends Destination {
  readonly consumer: string;
  /** Which process runs it; null when none does. */
  readonly owner: string | null;
  /** How long that is so unless it is said again, in ms. */
  readonly forMs: number;
}

/**
 * Where consumers that keep their offset themselves say how far they are, so that retention waits for them, and people see them
 * everywhere.
 */
export interface OffsetNotes {
  /**
   * Notes it, under a name that is the consumer's alone.
   * @returns `gone` when it is a step back, to where retention has deleted the next event; nothing was changed
   * @throws EventxUsageError when there is a consumer of that name with its offset in the log's database
   */
  note(note: OffsetNote): Promise<Exclude<Placed, 'unknown'>>;
}
