export type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  FailedAttempt,
  Holder,
  Lease,
  NewDeadLetter,
  Position,
  StuckHandler,
} from './consumer-store.js';
export type { DeadLetter, DeadLetterFilter, DeadLetterStore } from './dead-letter-store.js';
export { confirmedFirst, confirmedState, type Confirming } from './confirm.js';
export type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeadLetterStore,
} from './dead-letter-store.js';
export type { AssignResult, EventxStorage, LogState } from './event-storage.js';
export type { ProcessRecord, ProcessReport, ProcessStore } from './process-store.js';
export type { RetentionStorage } from './retention-storage.js';
