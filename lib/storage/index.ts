// What keeps a log, as contracts: they say what must hold, and which race each rule prevents. Their words, one for one thing:
//
// - seq: place of an event in the total order. id: primary key, given at the insert, and no order
// - pending: committed, and without a seq. To sequence: to give pending events their seq
// - lastSeq: the highest seq ever given. logId: identity of the log, which changes only when it is replaced
// - offset: the last event that a consumer is done with. lag: what it has yet to handle
// - lease: the right to run a consumer, for a time. fencing token: rises with each lease and each seek; every write names it
// - dead letter: an event that a consumer could not handle, parked with a copy of itself and its history
//
// docs/glossary.md has the others.

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
export { confirmedFirst, confirmedState, type Confirming, firstEvent } from './confirm.js';
export type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeadLetterStore,
} from './dead-letter-store.js';
export type { SequenceResult, EventxStorage, LogState } from './event-storage.js';
export type { ProcessRecord, ProcessReport, ProcessStore } from './process-store.js';
export type { DeletionTerms, RetentionStorage } from './retention-storage.js';
