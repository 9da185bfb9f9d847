import { EventNotFoundError, StaleReadError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { firstSince } from '../storage/first-since.js';
import { abortable } from '../util/abortable.js';
import {
  confirmedFirst,
  type Confirming,
  type EventxStorage,
  firstEvent,
} from '../storage/index.js';
import type { BatchLimits } from './batch-limits.js';
import type { History } from './history.js';
import type { RecentEvents } from './recent-events.js';

/**
 * One log to read from at any place: out of memory near the head, out of the table behind it. The choice is made anew for every
 * batch by the position alone, so switching can neither skip nor repeat.
 */
export class LogReader<E extends SequencedEvent> {
  constructor(
    private readonly storage: Pick<EventxStorage<E>, 'read'> & Confirming<E>,
    private readonly recent: RecentEvents<E>,
    private readonly history: History<E>,
  ) {}

  /** See `RecentEvents.generation`. */
  get generation(): number {
    return this.recent.generation;
  }

  /** The last sequence number of the log, as this process knows it. Waits for the first look at the log. */
  async head(signal?: AbortSignal): Promise<number> {
    await this.recent.ready(signal);
    return this.recent.head!;
  }

  /** The smallest sequence number that the log still has; the next one it will give when it has none. */
  async earliest(signal?: AbortSignal): Promise<number> {
    const head = await this.head(signal);
    const first = await abortable(firstEvent(this.storage), signal);
    return first?.seq ?? head + 1;
  }

  /** The first sequence number of what was written since a time, by the database's clock. @throws EventxUsageError */
  async since(time: Date, signal?: AbortSignal): Promise<number> {
    const head = await this.head(signal);
    const first = await this.earliest(signal);
    return abortable(firstSince(this.storage, time.getTime(), first, head), signal);
  }

  /**
   * What there is from a seq on, without waiting; the next event there is where the log does not have it. Also what this process
   * has not seen yet, of which somebody else may know: for that it reads the table, an event at a time.
   */
  async read(from: number, limits: BatchLimits): Promise<readonly E[]> {
    const { head, first } = this.recent;
    if (head !== null && from >= first && from <= head) return this.recent.read(from, limits);
    const batch = head === null || from > head ? [] : await this.history.read(from, head, limits);
    return batch.length > 0 ? batch : this.storage.read(from, 1);
  }

  /**
   * The next batch from `from` on, waiting for it when the log has not come that far. Empty only when the log was replaced meanwhile.
   * @throws EventNotFoundError, StaleReadError, EventxClosedError, what the storage throws, or the signal's reason
   */
  async next(from: number, limits: BatchLimits, signal?: AbortSignal): Promise<readonly E[]> {
    const { generation } = this.recent;
    await this.recent.waitFor(from, signal);
    if (this.recent.generation !== generation) return [];
    if (from >= this.recent.first) return this.recent.read(from, limits);

    const batch = await abortable(this.history.read(from, this.recent.head!, limits), signal);
    if (this.recent.generation !== generation) return [];
    if (batch.length > 0) return batch;
    const next = await abortable(this.nextOf(from), signal);
    if (this.recent.generation !== generation) return [];
    throw new EventNotFoundError(from, next?.seq ?? null);
  }

  /** What follows the place of an event that is missing. @throws StaleReadError when it is not missing */
  private async nextOf(missing: number): Promise<E | undefined> {
    const [read] = await this.storage.read(missing, 1);
    const next = await confirmedFirst(this.storage, missing, read);
    if (next?.seq !== missing) return next;
    throw new StaleReadError(`it did not give event ${missing}, which is there`);
  }
}
