import type { SequencedEvent } from '../event/event.js';
import type { EventxStorage, LogState } from './event-storage.js';

/** What can be asked of a storage before anything is concluded from what its reads lack. */
export type Confirming<E extends SequencedEvent> = Pick<
  EventxStorage<E>,
  'confirmState' | 'confirmRead'
>;

/** The state as it is for certain; what was read where a storage has nothing more certain. */
export async function confirmedState(
  storage: Pick<Confirming<never>, 'confirmState'>,
  read: LogState,
): Promise<LogState> {
  return (await storage.confirmState?.()) ?? read;
}

/**
 * The first event from a seq on as it is for certain; what was read where a storage has nothing more certain.
 * @param read what a plain read gave as the first
 */
export async function confirmedFirst<E extends SequencedEvent>(
  storage: Pick<Confirming<E>, 'confirmRead'>,
  from: number,
  read: E | undefined,
): Promise<E | undefined> {
  return storage.confirmRead ? (await storage.confirmRead(from, 1))[0] : read;
}

/** The oldest event there is, for certain where it seems that there is none: else what there is would be skipped. */
export async function firstEvent<E extends SequencedEvent>(
  storage: Pick<EventxStorage<E>, 'read'> & Confirming<E>,
): Promise<E | undefined> {
  const [first] = await storage.read(1, 1);
  return first ?? confirmedFirst(storage, 1, undefined);
}
