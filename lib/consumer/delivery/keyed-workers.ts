import { abortable } from '../../util/abortable.js';
import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerUnit } from '../../storage/index.js';
import { type ConsumerRun, leaseLost, positionOf } from './consumer-run.js';
import type { Deliver } from './deliver.js';
import { OrderedWorker } from './ordered-worker.js';
import type { Progress } from './progress.js';

/** Time between two writes of the offset, in ms. */
const CHECKPOINT_MS = 200;

/**
 * Events that are done in any order: knows how far all are done, and which are done beyond that.
 */
export class DoneAhead<E extends SequencedEvent> {
  private readonly window: E[] = [];
  private readonly done = new Set<number>();

  /** Events taken up that the offset has not passed. */
  get size(): number {
    return this.window.length;
  }

  begin(event: E): void {
    this.window.push(event);
  }

  finish({ seq }: E): void {
    this.done.add(seq);
  }

  /** The last event up to which all are done; undefined when the first one is not. */
  get line(): E | undefined {
    let count = 0;
    while (count < this.window.length && this.done.has(this.window[count]!.seq)) count++;
    return this.window[count - 1];
  }

  /** Lets go of the events up to the line: the offset has passed them. */
  forget(line: E): void {
    const passed = this.window.splice(0, this.window.indexOf(line) + 1);
    for (const { seq } of passed) this.done.delete(seq);
  }
}

/** Done events are marked one by one; the offset follows on its own, in `Lanes`. */
class LaneProgress<E extends SequencedEvent, M> implements Progress<E, M> {
  constructor(
    private readonly run: ConsumerRun<E, M>,
    private readonly onDone: (event: E) => void,
  ) {}

  async record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean> {
    for (const { seq } of events) {
      if (!(await unit.markHandled(this.run.lease, seq))) return false;
    }
    return true;
  }

  /** The dead letter marks the event as done, too; this checks the lease. */
  recordParked(unit: ConsumerUnit<E, M>, event: E): Promise<boolean> {
    return unit.markHandled(this.run.lease, event.seq);
  }

  advance(events: readonly E[]): Promise<void> {
    this.committed(events);
    return Promise.resolve();
  }

  committed(events: readonly E[]): void {
    events.forEach(this.onDone);
  }
}

/**
 * Several lanes beside each other: events of one key always take the same lane, so they stay in order; those without a key take
 * any, and have none. The offset is the place up to which all are done; what is done beyond it is bounded by the window.
 */
export class KeyedWorkers<E extends SequencedEvent, M> {
  private readonly ahead = new DoneAhead<E>();
  private readonly lanes: { readonly worker: OrderedWorker<E, M>; tail: Promise<void> }[];
  private readonly window: number;
  private failure: { readonly error: unknown } | null = null;
  private offsetFailed = false;
  private working = 0;
  private wake: () => void = () => undefined;
  private writing: Promise<void> | null = null;
  private writeAt: number;
  /** Up to here the last run has left marks, whatever this one does. */
  private readonly lastMark: number;

  /**
   * @param skip events that were done, or parked, before the last restart
   * @param onFailure called once, when a lane cannot go on; `process` and `drain` then throw its error
   */
  constructor(
    private readonly run: ConsumerRun<E, M>,
    createDelivery: (run: ConsumerRun<E, M>, progress: Progress<E, M>) => Deliver<E>,
    blocked: Set<string>,
    private readonly skip: Set<number>,
    private readonly onFailure: () => void,
  ) {
    const { concurrency, limits } = run.consumer.options;
    const progress = new LaneProgress<E, M>(run, (event) => this.ahead.finish(event));
    const deliver = createDelivery(run, progress);
    this.lanes = Array.from({ length: concurrency }, () => ({
      worker: new OrderedWorker(run, deliver, progress, blocked),
      tail: Promise.resolve(),
    }));
    this.window = Math.max(limits.count, concurrency * 2);
    this.writeAt = run.clock.now() + CHECKPOINT_MS;
    this.lastMark = Math.max(0, ...skip);
  }

  /** Hands events to their lanes; waits while the window is full. */
  async process(events: readonly E[]): Promise<void> {
    for (const event of events) {
      while (this.isFull() && !this.stopped()) {
        this.checkpoint();
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
      if (this.stopped()) break;
      this.ahead.begin(event);
      if (this.isDone(event)) this.ahead.finish(event);
      else this.enqueue(event);
    }
    if (this.working === 0) this.checkpoint();
    if (this.failure) throw this.failure.error;
  }

  /** Waits for all that is under way, then writes the offset. */
  async drain(): Promise<void> {
    await Promise.all(this.lanes.map(({ tail }) => tail));
    for (this.checkpoint(); this.writing; this.checkpoint()) await this.writing;
    if (this.failure) throw this.failure.error;
  }

  private enqueue(event: E): void {
    const lane = this.lanes[laneOf(event, this.lanes.length)]!;
    this.working++;
    lane.tail = lane.tail.then(async () => {
      try {
        if (!this.stopped()) await lane.worker.process([event]);
      } catch (error) {
        this.fail(error);
      }
      this.working--;
      if (this.isDue()) this.checkpoint();
      this.wake();
    });
  }

  /** Also an event that no handler takes: it needs no transaction of its own. */
  private isDone(event: E): boolean {
    return this.skip.delete(event.seq) || this.run.consumer.handlersOf(event).length === 0;
  }

  private isFull(): boolean {
    return this.ahead.size >= this.window;
  }

  private isDue(): boolean {
    return this.working === 0 || this.isFull() || this.run.clock.now() >= this.writeAt;
  }

  private stopped(): boolean {
    return this.failure !== null || this.run.stop.aborted || this.run.abort.aborted;
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    this.failure = { error };
    this.onFailure();
  }

  /**
   * Writes the offset, if the line has moved. One write at a time, so that it never goes back; what is done meanwhile goes into the
   * next one, so that writes do not become as many as events. Only what was written makes room in the window: it bounds what a
   * crash repeats.
   */
  private checkpoint(): void {
    if (this.writing || this.offsetFailed) return;
    const { line } = this.ahead;
    if (!line) return;
    this.writeAt = this.run.clock.now() + CHECKPOINT_MS;
    this.writing = this.write(line)
      .then(() => this.ahead.forget(line))
      .catch((error: unknown) => {
        this.offsetFailed = true;
        this.fail(error);
      })
      .finally(() => {
        this.writing = null;
        if (this.isDue()) this.checkpoint();
        this.wake();
      });
  }

  private async write(line: E): Promise<void> {
    const { store, lease, consumer, abort, place } = this.run;
    if (!(await abortable(store.commit(lease, positionOf(line)), abort))) throw leaseLost(lease);
    const { transactional, retry } = consumer.options;
    const marks = transactional || retry.afterRetries !== 'halt' || place.seq < this.lastMark;
    place.seq = line.seq;
    if (marks) await store.forgetHandled(lease, line.seq);
  }
}

/** Always the same lane for the same key. */
export function laneOf(event: SequencedEvent, lanes: number): number {
  const { key } = envelopeOf(event);
  if (key === null) return event.seq % lanes;
  // FNV-1a: short, spreads well, and the same in every process.
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
