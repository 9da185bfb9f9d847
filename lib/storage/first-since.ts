import { EventxUsageError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventxStorage } from './event-storage.js';

/**
 * The first seq whose event was written at `time` or later; `lastSeq + 1` when there is none. By bisection: a handful of reads by
 * seq, where a search by time would scan the table. Times follow the order of seq but for the length of transactions.
 *
 * @param time ms since 1970
 * @throws EventxUsageError where events have no time
 */
export async function firstSince(
  log: Pick<EventxStorage<SequencedEvent>, 'read'>,
  time: number,
  firstSeq: number,
  lastSeq: number,
): Promise<number> {
  let low = firstSeq;
  let high = lastSeq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = await log.read(middle, 1);
    if (!event || createdAt(event) >= time) high = middle;
    else low = event.seq + 1;
  }
  return low;
}

function createdAt(event: SequencedEvent): number {
  const { createdAt: time } = event as { createdAt?: unknown };
  if (time instanceof Date) return time.getTime();
  throw new EventxUsageError(
    'Events can be found by time only where they have a property "createdAt" (a Date). Give a sequence number.',
  );
}
