import { setTimeout as delay } from 'node:timers/promises';
import {
  EventNotFoundError,
  EventxClosedError,
  type EventxEvent,
  type EventxSubscriber,
  LogTruncatedError,
} from 'nestjs-eventx';
import type { Sighting } from 'nestjs-eventx/testing';

export interface FollowerReports {
  /** What the subscriber was given, in order. */
  saw(sightings: readonly Sighting[]): void;
  /** No retry can mend it: the log was truncated, or lost an event. */
  failed(why: string): void;
}

export interface FollowerSettings {
  /** How many events to stay behind the head, as a slow consumer does: further than the window reaches. @default 0 */
  readonly lag?: number;
  /** The last number that the runner knows of. */
  head(): number | null;
}

/** Follows the log as an application does: when a fetch fails it fetches again. */
export class Follower {
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;
  private lag: number;

  constructor(
    private readonly subscriber: EventxSubscriber<EventxEvent>,
    private readonly reports: FollowerReports,
    private readonly settings: FollowerSettings,
  ) {
    this.lag = settings.lag ?? 0;
    this.loop = this.follow();
  }

  /** Lets it read to the end. */
  hurry(): void {
    this.lag = 0;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        while (this.isTooClose && !signal.aborted) await delay(2);
        const batch = await this.subscriber.fetch(signal);
        this.reports.saw(batch.map(({ seq, uuid }) => ({ seq, uuid })));
      } catch (error) {
        if (signal.aborted || error instanceof EventxClosedError) return;
        if (error instanceof LogTruncatedError || error instanceof EventNotFoundError) {
          return this.reports.failed(error.message);
        }
        await delay(5);
      }
    }
  }

  private get isTooClose(): boolean {
    const position = this.subscriber.nextSeq ?? 1;
    return this.lag > 0 && (this.settings.head() ?? 0) - position < this.lag;
  }
}
