import {
  Controller,
  Get,
  GoneException,
  Headers,
  type MessageEvent,
  Query,
  Sse,
} from '@nestjs/common';
import {
  EventNotFoundError,
  type EventxEvent,
  EventxRunner,
  EventxService,
  type StartFrom,
} from 'nestjs-eventx';
import { catchError, map, type Observable } from 'rxjs';

import { WholeNumberPipe } from './whole-number.pipe.js';

const SEQ = new WholeNumberPipe({ min: 1 });
const LIMIT = new WholeNumberPipe({ min: 1, max: 1000 });

/** The log over HTTP: page by page, or live. */
@Controller('events')
export class EventsController {
  constructor(
    private readonly eventx: EventxService,
    private readonly runner: EventxRunner,
  ) {}

  /** Empty at the end of the log. */
  @Get()
  read(
    @Query('from', SEQ) from = 1,
    @Query('limit', LIMIT) limit = 100,
  ): Promise<readonly EventxEvent[]> {
    return this.eventx.read(from, limit);
  }

  /** Server-sent events with the seq as their id: a client that lost its connection goes on where it was. */
  @Sse('stream')
  stream(
    @Query('from', SEQ) from?: number,
    @Headers('last-event-id') lastEventId?: string,
  ): Observable<MessageEvent> {
    const opened = Date.now();
    return this.eventx.events$({ from: this.start(from, lastEventId) }).pipe(
      map((event) => toMessage(event, opened)),
      catchError(goneIfDeleted),
    );
  }

  /** What a client saw last counts for more than the address that it opened first. */
  private start(from?: number, lastEventId?: string): StartFrom {
    const next = /^\d+$/.test(lastEventId ?? '') ? Number(lastEventId) + 1 : from;
    const head = this.runner.status.lastSeq ?? 0;
    // A number ahead of the log is from another one: a page left open while the sample was started on a new database.
    return next === undefined || next > head + 1 ? 'latest' : next;
  }
}

function toMessage(event: EventxEvent, opened: number): MessageEvent {
  const { seq, type, key, data } = event;
  // From the insert, by the database's clock, until here. Of history it would say nothing.
  const written = event.createdAt.getTime();
  const latencyMs = written < opened ? null : Math.max(0, Date.now() - written);
  return { id: String(seq), data: { seq, type, key, data, latencyMs } };
}

function goneIfDeleted(error: unknown): never {
  if (error instanceof EventNotFoundError) throw new GoneException(error.message);
  throw error;
}
