import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerRun } from './consumer-run.js';
import { OrderedWorker } from './ordered-worker.js';
import { OffsetProgress, type Progress } from './progress.js';

/**
 * One event after the other, and the offset with them. The last run may have had several workers: events that they handled, or
 * parked, ahead of the offset are passed over, and their marks are forgotten as the offset passes them.
 */
export class SingleWorker<E extends SequencedEvent, M> {
  readonly end: AbortSignal;
  private readonly progress: Progress<E, M>;
  private readonly worker: OrderedWorker<E, M>;

  /**
   * @param blocked keys that have dead letters
   * @param handled what the last run had handled ahead of its offset
   */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    blocked: Set<string>,
    private readonly handled: Set<number>,
  ) {
    this.end = AbortSignal.any([run.stop, run.abort]);
    this.progress = new OffsetProgress(run);
    this.worker = new OrderedWorker(run, this.progress, blocked);
  }

  async process(events: readonly E[]): Promise<void> {
    if (this.handled.size === 0) return this.worker.process(events);
    const open = events.filter(({ seq }) => !this.handled.has(seq));
    if (open.length > 0) await this.worker.process(open);
    // Told to stop, it may have left some of them undone.
    if (open.length === events.length || this.run.stop.aborted) return;
    const last = events.at(-1)!;
    if (this.handled.has(last.seq)) await this.progress.advance([last]);
    await this.run.store.forgetHandled(this.run.lease, last.seq);
    for (const { seq } of events) this.handled.delete(seq);
  }

  /** Nothing is under way between two calls of `process`. */
  drain(): Promise<void> {
    return Promise.resolve();
  }
}
