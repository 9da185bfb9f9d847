import { Injectable } from '@nestjs/common';
import type { EventxEvent, PublishedEvent } from 'nestjs-eventx';
import { debounceTime, filter, firstValueFrom, merge, startWith, Subject } from 'rxjs';

import { Recording } from './recording.js';

/** Who follows the log in this process. Named here, so that one who gets nothing at all is missed. */
export const SUBSCRIBERS = ['sales', 'live'] as const;
export type SubscriberName = (typeof SUBSCRIBERS)[number];

/** Listens in on what is committed and what is delivered while a measurement is under way; else it costs nothing. */
@Injectable()
export class Measurements {
  private readonly deliveries = new Subject<void>();
  private recording: Recording | undefined;

  /** To be called when the transaction that published the events has been acknowledged. */
  committed(events: readonly PublishedEvent[]): void {
    this.recording?.committed(
      events.map(({ uuid }) => uuid),
      performance.now(),
    );
  }

  /** To be called first thing when a subscriber gets an event. */
  delivered(subscriber: SubscriberName, { seq, uuid }: EventxEvent): void {
    this.recording?.delivered(subscriber, { seq, uuid }, performance.now());
    this.deliveries.next();
  }

  start(): Recording {
    return (this.recording = new Recording(SUBSCRIBERS));
  }

  stop(): void {
    this.recording = undefined;
  }

  /** Resolves when every subscriber has all that was committed, or when nothing has been delivered for `patienceMs`. */
  async settled(recording: Recording, patienceMs: number): Promise<void> {
    const deliveries = this.deliveries.pipe(startWith(undefined));
    const complete = deliveries.pipe(filter(() => recording.isComplete));
    const stalled = deliveries.pipe(debounceTime(patienceMs));
    await firstValueFrom(merge(complete, stalled));
  }
}
