import { EventxClosedError, LogCorruptError } from '../errors.js';
import { bytesOf, type SequencedEvent, sizeOf } from '../event/event.js';
import { batchEnd, type BatchLimits } from './batch-limits.js';

export interface RecentEventsLimits {
  /** Most events held. */
  readonly count: number;
  /** Most bytes held. */
  readonly bytes: number;
}

interface Waiter {
  readonly from: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The newest events of the log, without a hole, and whoever waits for the next one.
 *
 * Invariant: `events` from index `start` on are the sequence numbers `first … head`. What was appended last is always held
 * whole, even where it is larger than the limits: else every subscriber would go back to the table for it.
 */
export class RecentEvents<E extends SequencedEvent> {
  /** The last sequence number of the log as this process knows it; null before the log was first read. */
  head: number | null = null;
  /** Changes whenever the log turned out to have moved back or to have been replaced. */
  generation = 0;

  private events: E[] = [];
  private start = 0;
  private bytes = 0;
  private closed = false;
  private readonly waiters = new Set<Waiter>();

  constructor(private readonly limits: RecentEventsLimits) {}

  /** The smallest sequence number held; `head + 1` when none is. */
  get first(): number {
    return (this.head ?? 0) + 1 - (this.events.length - this.start);
  }

  /** The last event, when it is still held. */
  get last(): E | undefined {
    return this.start < this.events.length ? this.events[this.events.length - 1] : undefined;
  }

  /** How many wait for the next event. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Starts anew at `head`, holding `events`, which must end there. For a start, or a gap too wide to read.
   * @throws LogCorruptError
   */
  reset(head: number, events: readonly E[]): void {
    assertContiguous(head - events.length, events);
    this.events = [...events];
    this.start = 0;
    this.bytes = sizeOf(events);
    this.head = head;
    this.shrink(0);
    this.wake((waiter) => waiter.from <= head);
  }

  /** The log is not the one it was: all that is held is forgotten and every subscriber is to be told. */
  restart(head: number, events: readonly E[]): void {
    this.generation++;
    this.reset(head, events);
    this.wake(() => true);
  }

  /** Takes the next events of the log. @throws LogCorruptError when they do not follow the head; nothing changes then. */
  append(events: readonly E[]): void {
    const head = (this.head ?? 0) + events.length;
    assertContiguous(head - events.length, events);
    for (const event of events) this.events.push(event);
    this.bytes += sizeOf(events);
    this.head = head;
    this.shrink(events.length);
    this.wake((waiter) => waiter.from <= head);
  }

  /** A batch that starts at `from`, which must be held. */
  read(from: number, limits: BatchLimits): E[] {
    const index = this.start + from - this.first;
    return this.events.slice(index, batchEnd(this.events, index, limits));
  }

  /**
   * Resolves as soon as the log has an event with `seq >= from` or its generation changes; at once when that is so already.
   * A waiter far ahead of the head is as good as any other.
   * @throws the signal's reason, or EventxClosedError
   */
  async waitFor(from: number, signal?: AbortSignal): Promise<void> {
    if (this.head !== null && this.head >= from) return;
    await this.park(from, signal);
  }

  /** Resolves when the log has been read for the first time. @throws the signal's reason, or EventxClosedError */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.head === null) await this.park(0, signal);
  }

  /** Nobody waits any more, nor will anybody. */
  close(): void {
    this.closed = true;
    for (const waiter of this.waiters) waiter.reject(new EventxClosedError());
    this.waiters.clear();
  }

  private park(from: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.closed) throw new EventxClosedError();
    return new Promise<void>((resolve, reject) => {
      const settle = () => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        from,
        resolve: () => (settle(), resolve()),
        reject: (error) => (settle(), reject(error)),
      };
      const onAbort = () => {
        this.waiters.delete(waiter);
        waiter.reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort);
      this.waiters.add(waiter);
    });
  }

  private wake(due: (waiter: Waiter) => boolean): void {
    for (const waiter of this.waiters) {
      if (!due(waiter)) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /**
   * Drops the oldest events over the limits, but never the last `keep`. What was dropped is let go of when it is half of the
   * array: each event is copied once at most, and memory stays below twice the limits.
   */
  private shrink(keep: number): void {
    while (
      this.events.length - this.start > keep &&
      (this.events.length - this.start > this.limits.count || this.bytes > this.limits.bytes)
    ) {
      this.bytes -= bytesOf(this.events[this.start]!);
      this.start++;
    }
    if (this.start * 2 > this.events.length) {
      this.events = this.events.slice(this.start);
      this.start = 0;
    }
  }
}

function assertContiguous(after: number, events: readonly SequencedEvent[]): void {
  events.forEach((event, index) => {
    if (event.seq !== after + 1 + index) {
      throw new LogCorruptError(
        `The log has event ${event.seq} where event ${after + 1 + index} belongs (id ${event.id}). ` +
          `Was a row deleted or renumbered by hand?`,
      );
    }
  });
}
