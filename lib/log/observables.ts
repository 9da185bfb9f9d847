import { concatMap, defer, from, Observable, type ObservableInput, of, repeat, tap } from 'rxjs';

import { EventxClosedError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';

/** The part of a subscriber that a stream needs. */
export interface Fetcher<E> {
  /** The next batch; the position stays before it. */
  fetch(signal: AbortSignal): Promise<E[]>;
  /** Sets the position. */
  moveTo(seq: number): void;
}

/** Events, each emitted at once. The position is behind the last one that was emitted. */
export function emitEvents<E extends SequencedEvent>(source: Fetcher<E>): Observable<E> {
  return rounds(source, (batch) => from(batch).pipe(tap((event) => source.moveTo(event.seq + 1))));
}

/** What `handle` gives for each event, one after the other. The position is behind the last one that was handled. */
export function handleEvents<E extends SequencedEvent, R>(
  source: Fetcher<E>,
  handle: (event: E) => ObservableInput<R>,
): Observable<R> {
  return rounds(source, (batch) =>
    from(batch).pipe(concatMap((event) => tracked(source, [event], () => handle(event)))),
  );
}

/** Batches, each emitted at once. */
export function emitBatches<E extends SequencedEvent>(source: Fetcher<E>): Observable<E[]> {
  return rounds(source, (batch) => of(batch).pipe(tap(() => source.moveTo(endOf(batch)))));
}

/** What `handle` gives for each batch, one after the other. */
export function handleBatches<E extends SequencedEvent, R>(
  source: Fetcher<E>,
  handle: (batch: E[]) => ObservableInput<R>,
): Observable<R> {
  return rounds(source, (batch) => tracked(source, batch, () => handle(batch)));
}

/** Fetch, emit what comes of the batch, and only when that is complete fetch again. */
function rounds<E, R>(source: Fetcher<E>, process: (batch: E[]) => Observable<R>): Observable<R> {
  return new Observable<R>((observer) => {
    const abort = new AbortController();
    const subscription = defer(() => source.fetch(abort.signal))
      .pipe(concatMap(process), repeat())
      .subscribe({
        next: (value) => observer.next(value),
        error: (error) => {
          if (error instanceof EventxClosedError) observer.complete();
          else observer.error(error);
        },
      });
    return () => {
      subscription.unsubscribe();
      abort.abort();
    };
  });
}

/** The position stays before `events` until their handling is complete: after a failure they come again. */
function tracked<E extends SequencedEvent, R>(
  source: Fetcher<E>,
  events: readonly E[],
  handle: () => ObservableInput<R>,
): Observable<R> {
  return defer(handle).pipe(tap({ complete: () => source.moveTo(endOf(events)) }));
}

/** The position behind a batch. */
function endOf(events: readonly SequencedEvent[]): number {
  return events[events.length - 1]!.seq + 1;
}
