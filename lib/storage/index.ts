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
export type { SequenceResult as AssignResult, EventxStorage, LogState } from './event-storage.js';
export type { ProcessRecord, ProcessReport, ProcessStore } from './process-store.js';
export type { DeletionTerms, RetentionStorage } from './retention-storage.js';
