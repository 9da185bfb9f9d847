import type { SequencedEvent } from '../../event/event.js';
import { unlimited } from '../../util/abortable.js';
import type { ConsumerRun } from './consumer-run.js';
import { OffsetWriter } from './offset-writer.js';
import { OrderedWorker } from './ordered-worker.js';
import { OutOfOrderTracker } from './out-of-order-tracker.js';
import { MarkProgress } from './progress.js';
import { workerIndexOf } from './worker-index.js';

/**
 * Several workers beside each other: events of one key always go to the same one, so they stay in order; those without a key go to
 * any, and have none. The offset follows to where all are handled; how many events are taken up beyond it is limited.
 */
export class KeyedWorkers<E extends SequencedEvent, M> {
  readonly end: AbortSignal;
  private readonly workers: { readonly worker: OrderedWorker<E, M>; tail: Promise<void> }[];
  private readonly tracker = new OutOfOrderTracker<E>();
  private readonly writer: OffsetWriter<E, M>;
  /** Most events taken up beyond the offset. */
  private readonly limit: number;
  /** When one worker cannot go on, the others begin nothing new, nor do they wait for another attempt. */
  private readonly broken = new AbortController();
  private failure: { readonly error: unknown } | null = null;
  private working = 0;
  private wake: () => void = () => undefined;

  /**
   * @param blocked keys that have dead letters
   * @param handled what the last run had handled, or parked, ahead of its offset
   */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    blocked: Set<string>,
    private readonly handled: Set<number>,
  ) {
    const { concurrency, limits } = run.consumer.options;
    this.end = AbortSignal.any([run.stop, run.abort, this.broken.signal]);
    const shared = { ...run, stop: unlimited(AbortSignal.any([run.stop, this.broken.signal])) };
    const progress = new MarkProgress<E, M>(run, (event) => this.tracker.finish(event));
    this.workers = Array.from({ length: concurrency }, () => ({
      worker: new OrderedWorker(shared, progress, blocked),
      tail: Promise.resolve(),
    }));
    this.limit = Math.max(limits.count, concurrency * 2);
    this.writer = new OffsetWriter(run, this.tracker, Math.max(0, ...handled), {
      onWritten: () => this.goOn(),
      onFailed: (error) => this.fail(error),
    });
  }

  /** Hands events to their workers; waits while too many are beyond the offset. */
  async process(events: readonly E[]): Promise<void> {
    for (const event of events) {
      while (this.isFull && !this.isStopped) {
        this.writer.write();
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
      if (this.isStopped) break;
      this.tracker.begin(event);
      if (this.needsNoWork(event)) this.tracker.finish(event);
      else this.enqueue(event);
    }
    if (this.working === 0) this.writer.write();
    if (this.failure) throw this.failure.error;
  }

  async drain(): Promise<void> {
    await Promise.all(this.workers.map(({ tail }) => tail));
    await this.writer.flush();
    if (this.failure) throw this.failure.error;
  }

  private enqueue(event: E): void {
    const worker = this.workers[workerIndexOf(event, this.workers.length)]!;
    this.working++;
    worker.tail = worker.tail.then(async () => {
      try {
        if (!this.isStopped) await worker.worker.process([event]);
      } catch (error) {
        this.fail(error);
      }
      this.working--;
      this.goOn();
    });
  }

  /** Whether it was handled before; or no handler takes it, and it needs no transaction of its own. */
  private needsNoWork(event: E): boolean {
    return this.handled.delete(event.seq) || this.run.consumer.handlersOf(event).length === 0;
  }

  /** An event is done with, or the offset was written. */
  private goOn(): void {
    if (this.working === 0 || this.isFull || this.writer.isDue) this.writer.write();
    this.wake();
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    this.failure = { error };
    this.broken.abort();
  }

  private get isFull(): boolean {
    return this.tracker.size >= this.limit;
  }

  private get isStopped(): boolean {
    return this.end.aborted;
  }
}
