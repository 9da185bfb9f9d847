import { type Clock } from '../util/clock.js';
import { type PendingEvent, sizeOf } from '../event/event.js';
import type { EventxStorage } from '../storage/index.js';
import { type BatchSizes, fittingCount, nextBatchSize } from './batch-size.js';
import { nextReach, slownessOf } from './look-reach.js';

type Pending<P extends PendingEvent> = Pick<EventxStorage<never, P>, 'readPending'>;

/**
 * The events that are to be numbered, a batch at a time.
 *
 * A look finds one batch, unless looks are slow: while somebody holds InnoDB's clean-up back, each of them walks over the entries of all
 * that was numbered meanwhile. Then one look serves several batches. All of its events were committed before its snapshot, so whoever
 * wrote them had begun by then, and what commits later can come before none of them; among themselves the order of ids is the one of
 * causes. So numbering all of a look in that order, before anything that a later look finds, keeps G3. It holds as long as nobody else
 * numbers in between, which shows as a conflict: then the rest must be forgotten.
 */
export class PendingEvents<P extends PendingEvent> {
  private ask: number;
  private reach = 1;
  private batch = 0;
  /** Found by the last look, and not given out yet. */
  private rest: readonly P[] = [];
  private isFull = false;
  /** How many events like those of the last look fit the byte goal. */
  private fitting = 0;
  private times = { look: 0, numbering: 0 };

  constructor(
    private readonly storage: Pending<P>,
    private readonly sizes: BatchSizes,
    private readonly clock: Clock,
    /** Told of what each look took, in ms. */
    private readonly looked: (ms: number) => void,
  ) {
    this.ask = sizes.base;
  }

  /** Whether there may be more after what was given out. */
  get hasMore(): boolean {
    return this.rest.length > 0 || this.isFull;
  }

  /** By how many ms the last look was too long; 0 where it was quick. */
  get slowness(): number {
    return slownessOf(this.times);
  }

  /** The next batch; empty where nothing is pending. */
  async next(): Promise<readonly P[]> {
    if (this.rest.length === 0) await this.look();
    const batch = this.rest.slice(0, this.batch);
    this.rest = this.rest.slice(batch.length);
    return batch;
  }

  /** Numbers a batch; how long that takes says how many of them a look should find. */
  async number<T>(work: () => Promise<T>): Promise<T> {
    const begin = this.clock.now();
    const result = await work();
    this.times.numbering += this.clock.now() - begin;
    return result;
  }

  /** What the last look found is not to be given out any more. */
  forget(): void {
    this.rest = [];
  }

  /** Begins small again. To be called after any error. */
  reset(): void {
    this.forget();
    this.ask = this.sizes.base;
    this.reach = 1;
    this.isFull = false;
    this.times = { look: 0, numbering: 0 };
  }

  private async look(): Promise<void> {
    this.reach = nextReach(this.reach, this.times);
    const count = this.nextCount();
    const begin = this.clock.now();
    this.rest = await this.storage.readPending(count);
    this.times = { look: this.clock.now() - begin, numbering: 0 };
    this.looked(this.times.look);
    const seen = { count: this.rest.length, bytes: sizeOf(this.rest) };
    this.batch = this.ask;
    this.isFull = seen.count >= count;
    this.fitting = fittingCount(seen, this.sizes);
    this.ask = nextBatchSize(this.ask, seen, this.sizes);
  }

  /** Without a backlog never more than a batch may hold anyway: how large the events are is not known before they are here. */
  private nextCount(): number {
    const { largest } = this.sizes;
    const most = this.isFull ? Math.min(largest * this.reach, this.fitting) : largest;
    return Math.max(this.ask, Math.min(this.ask * this.reach, most));
  }
}
