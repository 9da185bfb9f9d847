import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerRun } from './consumer-run.js';
import type { OrderedWorker } from './ordered-worker.js';
import type { Progress } from './progress.js';

/**
 * A run in order after one with lanes: passes over the events that were done, or parked, ahead of the offset, and forgets their marks
 * as the offset passes them.
 */
export class SingleWorker<E extends SequencedEvent, M> {
  /** @param marked what the last run had done ahead of its offset */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    private readonly inOrder: OrderedWorker<E, M>,
    private readonly progress: Progress<E, M>,
    private readonly marked: Set<number>,
  ) {}

  /** As `InOrder.process`. */
  async process(events: readonly E[]): Promise<void> {
    if (this.marked.size === 0) return this.inOrder.process(events);
    const open = events.filter(({ seq }) => !this.marked.has(seq));
    if (open.length > 0) await this.inOrder.process(open);
    // Told to stop, it may have left some undone.
    if (open.length === events.length || this.run.stop.aborted) return;
    const last = events.at(-1)!;
    if (this.marked.has(last.seq)) await this.progress.advance([last]);
    await this.run.store.forgetHandled(this.run.lease, last.seq);
    for (const { seq } of events) this.marked.delete(seq);
  }

  /** Nothing is under way between two calls of `process`. */
  drain(): Promise<void> {
    return Promise.resolve();
  }
}
