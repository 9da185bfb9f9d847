import { envelopeOf } from '../../event/envelope-of.js';
import { EventxUsageError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import { firstSince } from '../../storage/first-since.js';
import {
  firstEvent,
  confirmedState,
  type Destination,
  type Placed,
  type Position,
} from '../../storage/index.js';
import type { ConsumerLog } from '../consumer-process.js';
import type { StartFrom } from '../../log/start-from.js';

type Log<E extends SequencedEvent> = ConsumerLog<E>['storage'];

/**
 * The position of a consumer that is to begin at `start`: the place before the first event it handles.
 * @throws EventxUsageError for a number ahead of the log, and for a time where events have none
 */
async function resolveStart<E extends SequencedEvent>(
  log: Log<E>,
  start: StartFrom,
): Promise<Position> {
  const state = await log.readState();
  const { lastSeq } = state;
  if (start === 'latest') return positionAt(log, lastSeq);
  if (typeof start === 'number') {
    if (start > lastSeq + 1 && start > (await confirmedState(log, state)).lastSeq + 1) {
      // Not waited for: later nobody could tell it from a log that was truncated.
      throw new EventxUsageError(
        `A consumer cannot start at seq ${start}: the log ends at ${lastSeq}. Use 'latest' for what comes from now on.`,
      );
    }
    return positionAt(log, start - 1);
  }
  const firstSeq = (await firstEvent(log))?.seq ?? lastSeq + 1;
  if (start === 'earliest') return positionAt(log, firstSeq - 1);
  return positionAt(log, (await firstSince(log, start.getTime(), firstSeq, lastSeq)) - 1);
}

/**
 * Puts a consumer to where it is to begin. Between the look at the log and the move retention may delete the first events of that
 * place: then the log is looked at again.
 * @param put as `ConsumerStore.register` and `seek`
 * @returns where it is now; null when the consumer is not known
 * @throws EventxUsageError as `resolveStart`
 */
export async function placeAt<E extends SequencedEvent>(
  log: Log<E>,
  start: StartFrom,
  put: (to: Destination) => Promise<Placed>,
): Promise<Position | null> {
  let before: number | undefined;
  for (;;) {
    const position = await resolveStart(log, start);
    // A number is taken literally. And a place that is still the same at the second look had lost its events before the first one.
    // Either way the consumer is put there, and its option "onLost" decides what follows.
    const evenIfGone = typeof start === 'number' || position.offset === before;
    const placed = await put({ ...position, evenIfGone });
    if (placed !== 'gone') return placed === 'placed' ? position : null;
    before = position.offset;
  }
}

/** A position as it is stored: with the uuid of its event, while the log has it. */
async function positionAt<E extends SequencedEvent>(log: Log<E>, seq: number): Promise<Position> {
  const [event] = seq > 0 ? await log.read(seq, 1) : [];
  return { offset: seq, uuid: event?.seq === seq ? envelopeOf(event).uuid : null };
}
