import { backoffDelay } from '../util/backoff.js';
import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { systemClock } from '../util/clock.js';
import type { PendingEvent } from '../event/event.js';
import type { EventxEvent } from '../event/eventx-event.js';
import { checkHttpUrl } from './check-url.js';
import { HttpClient } from './http-client.js';
import { pause } from '../util/pause.js';
import type { SequenceResult, EventxStorage, LogState } from '../storage/index.js';
import { getJson } from './request.js';
import { eventsFromWire, stateFromWire } from './wire.js';

export interface RemoteStorageOptions {
  /** Where `eventxStreamController` is mounted, e.g. `http://events:3000/eventx`. */
  readonly url: string;
  /** Sent with each request, e.g. for the guards of the other side; a function is asked each time. @default {} */
  readonly headers?:
    | Readonly<Record<string, string>>
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);
  /** How long to wait for an answer, in ms. @default 10000 */
  readonly timeout?: number;
}

type Query = Readonly<Record<string, number>>;

/** How long the other side may hold a request that waits for news, in ms. */
const WAIT_MS = 25_000;
/** Waits after an error, and where the other side does not hold requests as it should. */
const RETRY = { initial: 100, max: 5000 };

/**
 * A log that another service serves with `eventxStreamController`, as a storage: a runner on it follows that log, and its subscribers
 * and consumers are the same as those of a local one. It only reads. What is cut off in the middle of an answer is asked for again
 * by its seq, so a lost connection neither skips nor repeats.
 * @throws EventxOptionsError
 *
 * @example EventxModule.forRoot({ storage: remoteStorage({ url: 'http://events:3000/eventx' }) })
 */
export function remoteStorage(options: RemoteStorageOptions): EventxStorage<EventxEvent> {
  return new RemoteStorage(options);
}

class RemoteStorage implements EventxStorage<EventxEvent> {
  private readonly timeout: number;
  private readonly http = new HttpClient();

  constructor(private readonly options: RemoteStorageOptions) {
    refuseUnknownOptions('remoteStorage', options, ['url', 'headers', 'timeout']);
    checkHttpUrl('remoteStorage', options.url);
    this.timeout = integerOption('timeout', options.timeout, 10_000);
  }

  async readState(): Promise<LogState> {
    return stateFromWire(await this.get('state', {}));
  }

  /** Numbering is the other side's matter. */
  readPending(): Promise<readonly PendingEvent[]> {
    return Promise.resolve([]);
  }

  sequence(): Promise<SequenceResult<EventxEvent>> {
    return Promise.resolve({ outcome: 'conflict' });
  }

  /**
   * The other side may answer with less than the limit, because its own are smaller or the events large; but never with the first
   * event alone, where there is another: who asks knows that one already, and would take the others for deleted.
   */
  async read(from: number, limit: number): Promise<readonly EventxEvent[]> {
    const events = await this.readSome(from, limit);
    if (events.length !== 1 || limit === 1) return events;
    return [...events, ...(await this.readSome(events[0]!.seq + 1, limit - 1))];
  }

  async readLast(limit: number): Promise<readonly EventxEvent[]> {
    const { lastSeq } = await this.readState();
    const events: EventxEvent[] = [];
    for (let from = Math.max(1, lastSeq - limit + 1); from <= lastSeq;) {
      const more = await this.readSome(from, lastSeq - from + 1);
      if (more.length === 0) break;
      events.push(...more);
      from = more.at(-1)!.seq + 1;
    }
    return events;
  }

  /** Holds a request at the other side that is answered when there is something new. */
  async watch(changed: () => void, signal: AbortSignal): Promise<void> {
    this.http.keep();
    signal.addEventListener('abort', () => this.close(), { once: true });
    let inVain = 0;
    let after: number | undefined;
    while (!signal.aborted) {
      const askedAt = systemClock.now();
      const news = await this.news(after, signal);
      if (news !== undefined && news !== after) {
        changed();
        after = news;
        inVain = 0;
      } else if (systemClock.now() - askedAt < WAIT_MS / 2) {
        await pause(backoffDelay(++inVain, RETRY, Math.random()), systemClock, signal);
      }
    }
  }

  /** Whoever reads on does so on connections that are closed at once. */
  close(): void {
    this.http.letGo();
  }

  /** Where the log stands, as soon as that is not `after`; undefined when it cannot be asked. */
  private async news(after: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    try {
      const query: Query = after === undefined ? {} : { after, wait: WAIT_MS };
      return stateFromWire(await this.get('state', query, signal)).lastSeq;
    } catch {
      // Reported by the runner, whose own reads fail as well.
      return undefined;
    }
  }

  private async readSome(from: number, limit: number): Promise<readonly EventxEvent[]> {
    return eventsFromWire(await this.get('events', { from, limit }));
  }

  private async get(path: string, query: Query, signal?: AbortSignal): Promise<unknown> {
    const url = new URL(this.options.url);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const { headers } = this.options;
    return getJson(this.http, url, {
      headers: (typeof headers === 'function' ? await headers() : headers) ?? {},
      timeout: this.timeout + (query.wait ?? 0),
      signal,
    });
  }
}
