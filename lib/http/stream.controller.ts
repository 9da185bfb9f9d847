import {
  BadRequestException,
  type CanActivate,
  Controller,
  Get,
  Header,
  Headers,
  Inject,
  NotImplementedException,
  Query,
  Req,
  Res,
  ServiceUnavailableException,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';

import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxClosedError } from '../errors.js';
import { EventxEvent } from '../event/eventx-event.js';
import { toWire, type WireEvent } from './wire.js';
import { EventxRunner } from '../log/runner.js';
import type { LogState } from '../storage/index.js';
import type { StartFrom } from '../log/start-from.js';
import {
  answering,
  hangUp,
  OpenRequests,
  type RawRequest,
  type RawResponse,
} from './open-requests.js';
import { sendEvents } from './server-sent-events.js';
import { eventxToken } from '../nest/tokens.js';

export interface StreamControllerOptions {
  /** Who may read; the application's own guards. @default [], which is everybody */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** @default 'eventx' */
  readonly path?: string;
  /** Name of the log. @default the unnamed one */
  readonly log?: string;
  /** Most events of one answer. @default 1000 */
  readonly maxBatch?: number;
  /** Most bytes of payload of one answer; a single larger event still goes out. @default 2097152 (2 MiB) */
  readonly maxBytes?: number;
  /** Most requests that wait, and streams that are open, at the same time. @default 100 */
  readonly maxStreams?: number;
}

const OPTION_NAMES = [
  'guards',
  'path',
  'log',
  'maxBatch',
  'maxBytes',
  'maxStreams',
] as const satisfies readonly (keyof StreamControllerOptions)[];

/** Longest time a request waits for news, in ms: shorter than what proxies allow. */
const MAX_WAIT_MS = 30_000;

/**
 * A controller that serves the log to other services (`remoteStorage`) and to browsers (server-sent events), for the application to
 * mount: `controllers: [eventxStreamController({ guards: [ServiceGuard] })]`. Best in a process that sequences the log: others learn
 * of new events by their poll.
 *
 * - `GET state?after=&wait=`: where the log stands; with `after` it waits until the log is beyond it, for `wait` ms at most
 * - `GET events?from=&limit=`: events in order
 * - `GET stream?from=`: server-sent events, `id` is the seq; resumes by `Last-Event-ID`
 *
 * @throws EventxOptionsError
 */
export function eventxStreamController(options: StreamControllerOptions = {}): Type {
  refuseUnknownOptions('eventxStreamController', options, OPTION_NAMES);
  const { guards = [], path = 'eventx', log } = options;
  const count = integerOption('maxBatch', options.maxBatch, 1000, { max: 100_000 });
  const bytes = integerOption('maxBytes', options.maxBytes, 2 * 1024 * 1024);
  const maxStreams = integerOption('maxStreams', options.maxStreams, 100);

  // The two ends of the wire know nothing of the versions of an application's own API.
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  class EventxStreamController {
    private readonly open = new OpenRequests(maxStreams);

    constructor(@Inject(eventxToken(EventxRunner, log)) private readonly runner: EventxRunner) {}

    @Get('state')
    @Header('cache-control', 'no-store')
    state(
      @Req() request: RawRequest,
      @Res({ passthrough: true }) response: RawResponse,
      @Query('after') after?: string,
      @Query('wait') wait?: string,
    ): Promise<LogState> {
      return this.answer(request, response, async () => {
        if (after !== undefined) {
          const seen = whole('after', after);
          const limit = Math.min(wait === undefined ? 0 : whole('wait', wait), MAX_WAIT_MS);
          await this.open.during(request, async (closed) => {
            const end = AbortSignal.any([closed, AbortSignal.timeout(limit)]);
            await this.runner.news(seen, end).catch((error: unknown) => {
              if (error instanceof EventxClosedError) hangUp(request, response);
            });
          });
        }
        return this.runner.state();
      });
    }

    @Get('events')
    @Header('cache-control', 'no-store')
    events(
      @Req() request: RawRequest,
      @Res({ passthrough: true }) response: RawResponse,
      @Query('from') from: string,
      @Query('limit') limit?: string,
    ): Promise<{ events: WireEvent[] }> {
      return this.answer(request, response, async () => {
        const most = limit === undefined ? count : Math.min(whole('limit', limit), count);
        const limits = { count: Math.max(1, most), bytes };
        const first = Math.max(1, whole('from', from));
        // Somebody else knows of events that this process has yet to see.
        if (first > (this.runner.status.lastSeq ?? 0)) this.runner.signal();
        const events = await this.runner.read(first, limits);
        return { events: events.map(withEnvelope).map(toWire) };
      });
    }

    @Get('stream')
    stream(
      @Req() request: RawRequest,
      @Res() response: RawResponse,
      @Query('from') from?: string,
      @Headers('last-event-id') lastEventId?: string,
    ): Promise<void> {
      return this.answer(request, response, async () => {
        const subscriber = this.runner.subscriber({
          from: startOf(from, lastEventId),
          fetchLimit: count,
          sizeLimit: bytes,
        });
        await this.open.during(request, (closed) => {
          hangUp(request, response);
          return sendEvents(response, subscriber, closed);
        });
      });
    }

    /** Who asks where nothing is followed would otherwise wait for ever, or be told of an end of the log that is not its end. */
    private answer<T>(
      request: RawRequest,
      response: RawResponse,
      work: () => Promise<T>,
    ): Promise<T> {
      const isFollowed = () => this.runner.status.running;
      return answering(request, response, isFollowed, () => {
        if (isFollowed()) return work();
        throw new ServiceUnavailableException(
          'This process does not follow the log: it is starting, shutting down, or has the option "run: false".',
        );
      });
    }
  }
  return EventxStreamController;
}

/** Where a stream begins. A browser that reconnects says what it saw last. */
function startOf(from: string | undefined, lastEventId: string | undefined): StartFrom {
  if (lastEventId) return whole('Last-Event-ID', lastEventId) + 1;
  if (from === 'earliest' || from === 'latest') return from;
  return from === undefined ? 'latest' : Math.max(1, whole('from', from));
}

function whole(name: string, text: string): number {
  const value = Number(text);
  // The number behind it must be one, too.
  if (/^\d+$/.test(text) && value < Number.MAX_SAFE_INTEGER) return value;
  throw new BadRequestException(`${name} must be a whole number.`);
}

function withEnvelope(event: unknown): EventxEvent {
  if (event instanceof EventxEvent) return event;
  throw new NotImplementedException(
    'This log keeps its events in an entity of its own; they cannot be served.',
  );
}
