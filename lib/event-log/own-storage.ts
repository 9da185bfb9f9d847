import { EventxDoctor } from '../doctor/doctor.js';
import type { SequencedEvent } from '../event/event.js';
import type { RetainedLog } from '../retention/retention-job.js';
import type { OffsetNotes } from '../storage/index.js';
import type { OwnStorage } from './event-log-options.js';
import type { StoredLog } from './stored-log.js';

/** A log in a storage of the application's own. */
export function ownStorage(storage: OwnStorage): StoredLog {
  // What handlers write through is what the application's store says.
  const stores = storage as Partial<Pick<StoredLog, 'consumers' | 'deadLetters'>>;
  const consumers = stores.consumers ?? null;
  return {
    description: `in a storage of its own (${storage.constructor.name})`,
    storage,
    retained: canForget(storage) ? storage : null,
    consumers,
    offsetNotes: consumers && canNote(consumers) ? consumers : null,
    deadLetters: stores.deadLetters ?? null,
    doctor: new EventxDoctor(null),
    processes: null,
    poolSize: null,
    outbox: () => null,
    close: async () => storage.close?.(),
  };
}

function canForget(storage: OwnStorage): storage is OwnStorage & RetainedLog<SequencedEvent> {
  return 'deleteBefore' in storage && 'readMinSeq' in storage && 'readClock' in storage;
}

function canNote<T extends object>(store: T): store is T & OffsetNotes {
  return 'note' in store;
}
