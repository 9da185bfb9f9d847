/*
 * The contracts, in the words that all of the library uses:
 *
 * - event: what was published. Its `id` is given at insert, its `seq` after the commit: 1, 2, 3, … without a gap, in one total order
 * - pending: committed, and without a seq. To sequence: to give pending events their seqs
 * - log: the events that have a seq. `lastSeq`: the highest ever given. `logId`: which log it is; another one after it was replaced
 * - subscriber: reads the log from a place in memory. `nextSeq`: what it gets next
 * - consumer: handlers under a name, with a place that is stored. `offset`: the seq of the last event it is done with. Lag: what is behind it
 * - lease: the right to run a consumer, for a while. Fencing token: a number that is higher with each lease; writes under an older one fail
 * - dead letter: an event that a consumer gave up on; replay: to hand it out again
 * - retention: deletes the oldest events. Truncated: a log that ends before what was seen of it, or is another one
 */
export type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  Destination,
  FailedAttempt,
  Holder,
  Lease,
  NewDeadLetter,
  OffsetNote,
  OffsetNotes,
  Placed,
  Position,
  StuckHandler,
} from './consumer-store.js';
export { confirmedFirst, confirmedState, type Confirming } from './confirm.js';
export type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeadLetterStore,
} from './dead-letter-store.js';
export type { SequenceResult, EventxStorage, LogState } from './event-storage.js';
export type { ProcessRecord, ProcessReport, ProcessStore } from './process-store.js';
export type { DeletionTerms, RetentionStorage } from './retention-storage.js';
