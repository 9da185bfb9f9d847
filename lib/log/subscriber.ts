import type { Observable, ObservableInput } from 'rxjs';

import { integerOption } from '../util/checks.js';
import { EventxClosedError, EventxUsageError, LogTruncatedError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventxEvent } from '../event/eventx-event.js';
import type { LogReader } from './log-reader.js';
import {
  emitBatches,
  emitEvents,
  type Fetcher,
  handleBatches,
  handleEvents,
} from './observables.js';
import {
  resolveSubscriberOptions,
  type ResolvedSubscriberOptions,
  type SubscriberOptions,
} from './subscriber-options.js';

/**
 * Reads the log from one position on, in order, each event once. Keeps nothing but the position, so it needs no closing.
 * One fetch at a time; for a second stream make a second subscriber.
 */
export class EventxSubscriber<E extends SequencedEvent = EventxEvent> implements AsyncIterable<E> {
  private readonly options: ResolvedSubscriberOptions;
  private next: number | null;
  private generation: number;
  /** The fetch that is waiting. */
  private fetching: { readonly signal: AbortSignal | undefined } | null = null;
  /** For streams: they set the position themselves, as their events are taken. */
  private readonly source: Fetcher<E> = {
    fetch: (signal) => this.read(false, signal),
    moveTo: (seq) => void (this.next = seq),
  };

  constructor(
    private readonly log: LogReader<E>,
    options?: SubscriberOptions,
  ) {
    this.options = resolveSubscriberOptions(options);
    this.next = typeof this.options.from === 'number' ? this.options.from : null;
    this.generation = log.generation;
  }

  /** The next sequence number to deliver; null while `'latest'`, `'earliest'` or a time has not been looked up yet. */
  get nextSeq(): number | null {
    return this.next;
  }

  /**
   * Moves: the next fetch begins at `seq`. Also the way on after a LogTruncatedError.
   * @throws EventxOptionsError when `seq` is no whole number of at least 1
   */
  seek(seq: number): void {
    this.next = integerOption('seq', seq, 1);
    this.generation = this.log.generation;
  }

  /**
   * The next batch: at least one event, at most what the limits allow. Waits for as long as the log has nothing new.
   * When it rejects, for whatever reason, the position is where it was, and a later fetch goes on from there.
   *
   * @param signal gives up waiting; the fetch rejects with its reason
   * @throws EventNotFoundError when retention or a manual delete took the position
   * @throws LogTruncatedError when the log moved back or was replaced; until `seek`
   * @throws EventxClosedError when the application shuts down
   * @throws EventxUsageError when another fetch of this subscriber is waiting
   */
  fetch(signal?: AbortSignal): Promise<E[]> {
    return this.read(true, signal);
  }

  /**
   * The events one by one, until the signal aborts or the application shuts down; then it ends without an error.
   * Breaking out of the loop leaves the position behind the last event that was taken.
   */
  async *events(signal?: AbortSignal): AsyncGenerator<E, void, undefined> {
    for (;;) {
      const batch = await this.fetch(signal).catch(endOfStream(signal));
      if (!batch) return;
      for (const event of batch) {
        this.next = event.seq + 1;
        yield event;
        if (signal?.aborted) return;
        // The loop called `seek`: the rest of the batch is not what it wants.
        if (this.next !== event.seq + 1) break;
      }
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    return this.events();
  }

  /**
   * The events as an Observable; completes when the application shuts down. Without a handler each batch is emitted at once and
   * the next is fetched when all of it was taken synchronously. With one, the Observable emits what the handler gives, one event
   * after the other, and nothing is fetched before it is done: a slow handler never fills memory.
   *
   * An unsubscribed or failed stream leaves the position behind the last event that was emitted, or whose handling was
   * complete: `retry()` hands a failed event out again.
   */
  events$(): Observable<E>;
  events$<R>(handle: (event: E) => ObservableInput<R>): Observable<R>;
  events$<R>(handle?: (event: E) => ObservableInput<R>): Observable<E | R> {
    return handle ? handleEvents(this.source, handle) : emitEvents(this.source);
  }

  /** As `events$`, a batch at a time. */
  batches$(): Observable<E[]>;
  batches$<R>(handle: (batch: E[]) => ObservableInput<R>): Observable<R>;
  batches$<R>(handle?: (batch: E[]) => ObservableInput<R>): Observable<E[] | R> {
    return handle ? handleBatches(this.source, handle) : emitBatches(this.source);
  }

  private async read(advance: boolean, signal: AbortSignal | undefined): Promise<E[]> {
    if (this.fetching && !this.fetching.signal?.aborted) {
      throw new EventxUsageError(
        'This subscriber is already fetching. Await that fetch first, or use a subscriber for each stream.',
      );
    }
    const fetching = (this.fetching = { signal });
    try {
      signal?.throwIfAborted();
      const from = this.next ?? (await this.begin(signal));
      await this.assertSameLog(from, signal);
      const batch = await this.log.next(from, this.options.limits, signal);
      await this.assertSameLog(from, signal);
      // Aborted at the last moment: nobody may take the batch any more.
      signal?.throwIfAborted();
      // Unless somebody moved it meanwhile: then the next fetch begins there.
      if (advance && this.next === from) this.next = from + batch.length;
      return batch as E[];
    } finally {
      if (this.fetching === fetching) this.fetching = null;
    }
  }

  private async begin(signal?: AbortSignal): Promise<number> {
    const start = await this.startingPoint(signal);
    return (this.next ??= start);
  }

  private async startingPoint(signal?: AbortSignal): Promise<number> {
    const { from } = this.options;
    let start: number;
    if (from === 'earliest') start = await this.log.earliest(signal);
    else if (from instanceof Date) start = await this.log.since(from, signal);
    else start = (await this.log.head(signal)) + 1;
    this.generation = this.log.generation;
    return start;
  }

  private async assertSameLog(position: number, signal?: AbortSignal): Promise<void> {
    if (this.log.generation !== this.generation) {
      throw new LogTruncatedError(position, await this.log.head(signal));
    }
  }
}

/** How a loop takes the rejection of its fetch: an abort or the shutdown is its end, anything else its error. */
function endOfStream(signal?: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (signal?.aborted || error instanceof EventxClosedError) return undefined;
    throw error;
  };
}
