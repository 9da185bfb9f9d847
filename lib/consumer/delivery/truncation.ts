import { envelopeOf } from '../../event/envelope-of.js';
import { LogTruncatedError, StaleReadError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import { confirmedFirst, confirmedState, type Position } from '../../storage/index.js';
import type { ConsumerLog } from '../consumer-process.js';

/**
 * Checks that the log still is the one in which a consumer came to its position: it has not ended before it, and the event there is
 * the same. Where retention has deleted that event, only the first can be checked.
 * @param ahead events that were done ahead of the position; the log must have come that far, too
 * @throws LogTruncatedError, StaleReadError
 */
export async function assertNotTruncated<E extends SequencedEvent>(
  log: ConsumerLog<E>['storage'],
  { offset: seq, uuid }: Position,
  ahead: readonly number[] = [],
): Promise<void> {
  if (seq === 0 && ahead.length === 0) return;
  const read = await log.readState();
  const highest = Math.max(seq, ...ahead);
  if (highest > read.lastSeq) {
    const { lastSeq } = await confirmedState(log, read);
    if (highest > lastSeq) throw new LogTruncatedError(highest + 1, lastSeq);
    throw new StaleReadError(
      `it said that the log ends at ${read.lastSeq}, but it ends at ${lastSeq}`,
    );
  }
  if (seq === 0 || uuid === null) return;
  const isAnother = (event: E | undefined) => event?.seq === seq && envelopeOf(event).uuid !== uuid;
  const [event] = await log.read(seq, 1);
  if (!isAnother(event)) return;
  if (isAnother(await confirmedFirst(log, seq, event))) {
    throw new LogTruncatedError(seq + 1, read.lastSeq);
  }
  throw new StaleReadError(`it gave another event as number ${seq}`);
}
