import type { SequencedEvent } from '../../event/event.js';
import { abortable } from '../../util/abortable.js';
import { type ConsumerRun, leaseLost, positionOf } from './consumer-run.js';
import type { OutOfOrderTracker } from './out-of-order-tracker.js';

/** Time between two writes of the offset, in ms. */
const CHECKPOINT_MS = 200;

/** Told how a write of the offset ended. */
export interface OffsetListener {
  onWritten(): void;
  onFailed(error: unknown): void;
}

/**
 * Writes the offset after workers that handle events in any order. One write at a time, so that it never goes back; what is handled
 * meanwhile goes into the next one, so that there are fewer writes than events.
 */
export class OffsetWriter<E extends SequencedEvent, M> {
  private writing: Promise<void> | null = null;
  private failed = false;
  private writeAt: number;

  /** @param lastMark up to here the last run has left marks, whatever this one does */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    private readonly tracker: OutOfOrderTracker<E>,
    private readonly lastMark: number,
    private readonly listener: OffsetListener,
  ) {
    this.writeAt = run.clock.now() + CHECKPOINT_MS;
  }

  /** Whether the last write is so long ago that the next should not wait for a better moment. */
  get isDue(): boolean {
    return this.run.clock.now() >= this.writeAt;
  }

  /** Begins a write if the offset can move, unless one is under way. */
  write(): void {
    if (this.writing || this.failed) return;
    const { watermark } = this.tracker;
    if (!watermark) return;
    this.writeAt = this.run.clock.now() + CHECKPOINT_MS;
    this.writing = this.moveTo(watermark)
      // Only now: what is not written yet is what a crash repeats, and the tracker's size bounds it.
      .then(() => this.tracker.forget(watermark))
      .catch((error: unknown) => {
        this.failed = true;
        this.listener.onFailed(error);
      })
      .finally(() => {
        this.writing = null;
        this.listener.onWritten();
      });
  }

  /** Writes until the offset is where it can be. */
  async flush(): Promise<void> {
    for (this.write(); this.writing; this.write()) await this.writing;
  }

  private async moveTo(event: E): Promise<void> {
    const { store, lease, consumer, abort, place } = this.run;
    if (!(await abortable(store.commit(lease, positionOf(event)), abort))) throw leaseLost(lease);
    const { transactional, retry } = consumer.options;
    const hasMarks = transactional || retry.afterRetries !== 'halt' || place.offset < this.lastMark;
    place.offset = event.seq;
    if (hasMarks) await store.forgetHandled(lease, event.seq);
  }
}
