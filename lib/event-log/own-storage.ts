import { EventxDoctor } from '../doctor/doctor.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type { RetainedLog } from '../retention/retention-job.js';
import type { EventxStorage } from '../storage/index.js';
import type { StoredLog } from './stored-log.js';

type Storage = EventxStorage<SequencedEvent, PendingEvent>;

/** A log in a storage of the application's own. */
export function ownStorage(storage: Storage): StoredLog {
  return {
    description: `in a storage of its own (${storage.constructor.name})`,
    storage,
    retained: canForget(storage) ? storage : null,
    consumers: null,
    deadLetters: null,
    doctor: new EventxDoctor(null),
    processes: null,
    poolSize: null,
    outbox: () => null,
    close: async () => storage.close?.(),
  };
}

function canForget(storage: Storage): storage is Storage & RetainedLog<SequencedEvent> {
  return 'deleteBefore' in storage && 'readMinSeq' in storage && 'readClock' in storage;
}
