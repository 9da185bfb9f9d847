import { envelopeOf } from '../core/envelope-of.js';
import { LogTruncatedError } from '../core/errors.js';
import type { SequencedEvent } from '../core/event.js';
import type { EventxStorage, Position } from '../storage/index.js';

/**
 * Checks that the log still is the one in which a consumer came to its position: it has not ended before it, and the event there is
 * the same. Where retention has deleted that event, only the first can be checked.
 * @param ahead events that were done ahead of the position; the log must have come that far, too
 * @throws LogTruncatedError
 */
export async function assertNotTruncated<E extends SequencedEvent>(
  log: Pick<EventxStorage<E>, 'readState' | 'readFrom'>,
  { seq, uuid }: Position,
  ahead: readonly number[] = [],
): Promise<void> {
  if (seq === 0 && ahead.length === 0) return;
  const { lastSeq } = await log.readState();
  const highest = Math.max(seq, ...ahead);
  if (highest > lastSeq) throw new LogTruncatedError(highest + 1, lastSeq);
  if (seq === 0) return;
  const [event] = await log.readFrom(seq, 1);
  if (uuid !== null && event?.seq === seq && envelopeOf(event).uuid !== uuid) {
    throw new LogTruncatedError(seq + 1, lastSeq);
  }
}
