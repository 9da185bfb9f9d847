import type { EntityManager } from 'typeorm';

import type { EventxDoctor } from '../doctor/doctor.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type { RetainedLog } from '../retention/retention-job.js';
import type {
  ConsumerStore,
  DeadLetterStore,
  EventxStorage,
  OffsetNotes,
  ProcessStore,
} from '../storage/index.js';
import type { Outbox } from '../typeorm/outbox/outbox.js';

/** What of a log lies in the database, or in the application's own storage, which has less of it. */
export interface StoredLog {
  /** What it is and where, for people. */
  readonly description: string;
  readonly storage: EventxStorage<SequencedEvent, PendingEvent>;
  /** Null where the storage cannot forget. */
  readonly retained: RetainedLog<SequencedEvent> | null;
  /** Where offsets are kept by default. */
  readonly consumers: ConsumerStore<SequencedEvent, EntityManager> | null;
  /** Where it is noted how far consumers are that keep their offset themselves. */
  readonly offsetNotes: OffsetNotes | null;
  readonly deadLetters: DeadLetterStore<SequencedEvent, EntityManager> | null;
  readonly processes: ProcessStore | null;
  readonly doctor: EventxDoctor;
  /** Most connections that the application may hold at a time; null where it has a single one, or none. */
  readonly poolSize: number | null;
  /** Makes the producers' side. @param signal called after each commit that added events */
  outbox(signal: () => void): Outbox | null;
  /** Closes the log's own connections, for good. */
  close(): Promise<void>;
}
