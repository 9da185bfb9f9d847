import { type SequencedEvent, sizeOf } from '../event/event.js';
import type { EventxStorage } from '../storage/index.js';
import { batchEnd, type BatchLimits } from './batch-limits.js';
import { leadingRun } from './leading-run.js';

interface Range<E> {
  readonly from: number;
  /** Exclusive end of what was asked for. */
  readonly end: number;
  readonly events: Promise<readonly E[]>;
  bytes: number;
}

export interface HistoryLimits {
  /** Most events of one read of the table. */
  readonly readCount: number;
  /** Aim for the bytes of one read, and most bytes kept for subscribers that follow close behind. */
  readonly readBytes: number;
}

/**
 * Reads of the table for subscribers behind the window. Those that read at about the same place share one read: a range stays
 * for a while, and while it is under way, for whoever asks for a sequence number inside of it.
 */
export class History<E extends SequencedEvent> {
  private readonly ranges: Range<E>[] = [];
  /** Moving average of event sizes, in bytes; a read asks for as many events as fit its bytes. */
  private averageSize = 1024;

  constructor(
    private readonly storage: Pick<EventxStorage<E>, 'read'>,
    private readonly limits: HistoryLimits,
  ) {}

  /**
   * A batch that starts at `from`, without a hole; empty when the log does not have the event `from`.
   * @param upTo the last sequence number known to exist
   */
  async read(from: number, upTo: number, limits: BatchLimits): Promise<readonly E[]> {
    const known = this.ranges.find((range) => range.from <= from && from < range.end);
    const batch = known ? await cut(known, from, limits) : [];
    return batch.length > 0 ? batch : cut(this.start(from, upTo), from, limits);
  }

  /** Forgets what was read: the log was replaced. */
  clear(): void {
    this.ranges.length = 0;
  }

  private start(from: number, upTo: number): Range<E> {
    const fitting = Math.floor(this.limits.readBytes / this.averageSize);
    const count = Math.min(this.limits.readCount, Math.max(1, fitting), upTo - from + 1);
    const range: Range<E> = {
      from,
      end: from + count,
      events: this.storage.read(from, count).then((read) => leadingRun(from, read)),
      bytes: 0,
    };
    this.ranges.push(range);
    range.events.then(
      (events) => this.keep(range, events),
      () => this.drop(range),
    );
    return range;
  }

  private keep(range: Range<E>, events: readonly E[]): void {
    range.bytes = sizeOf(events);
    if (events.length === 0) return this.drop(range);
    this.averageSize = Math.max(1, (this.averageSize + range.bytes / events.length) / 2);
    let kept = this.ranges.reduce((sum, { bytes }) => sum + bytes, 0);
    while (kept > this.limits.readBytes && this.ranges.length > 1) {
      kept -= this.ranges.shift()!.bytes;
    }
  }

  private drop(range: Range<E>): void {
    const index = this.ranges.indexOf(range);
    if (index >= 0) this.ranges.splice(index, 1);
  }
}

async function cut<E extends SequencedEvent>(range: Range<E>, from: number, limits: BatchLimits) {
  const events = await range.events;
  const index = from - range.from;
  return events.slice(index, batchEnd(events, index, limits));
}
