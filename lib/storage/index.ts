export type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  FailedAttempt,
  Lease,
  NewDeadLetter,
  Position,
} from './consumer-store.js';
export type { DeadLetter, DeadLetterFilter, DeadLetterStore } from './dead-letter-store.js';
export type { AssignResult, EventxStorage, LogState } from './event-storage.js';
export type { RetentionStorage } from './retention-storage.js';
