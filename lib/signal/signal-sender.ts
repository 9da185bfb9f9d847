import { type Backoff, backoffDelay } from '../util/backoff.js';
import { type Clock, systemClock } from '../util/clock.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import { outside } from '../util/outside.js';
import { pause } from '../util/pause.js';
import type { SignalTransport } from './signal-transport.js';

/** What a sender takes from outside. */
export interface SenderEnvironment {
  readonly logger: EventxLogger;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** Rests after a failure: a receiver that is down is not called for every commit. */
const RETRY: Backoff = { initial: 100, max: 5000 };
/** How long a hint that is on its way may hold up the shutdown, in ms. */
const LAST_WORD_MS = 1000;

/** Sends hints over one transport: one at a time, however many commits there are meanwhile, and never in anybody's way. */
export class SignalSender {
  private readonly ending = new AbortController();
  private sending: Promise<void> | null = null;
  private again = false;
  private failures = 0;

  constructor(
    private readonly transport: SignalTransport,
    private readonly environment: SenderEnvironment,
  ) {}

  /** Never throws and never waits. */
  signal(): void {
    if (this.ending.signal.aborted) return;
    this.again = true;
    // Whoever commits first would lend the others its async context.
    this.sending ??= outside(() => this.send());
  }

  /** Lets the last hint out, if that does not take long, and closes the transport. Never rejects. */
  async close(): Promise<void> {
    const { clock = systemClock, logger } = this.environment;
    const sent = new AbortController();
    void this.sending?.then(() => sent.abort());
    this.ending.abort();
    if (this.sending) await pause(LAST_WORD_MS, clock, sent.signal);
    this.again = false;
    try {
      await this.transport.close?.();
    } catch (error) {
      logger.debug?.(`A signal transport did not close: ${describeError(error)}`);
    }
  }

  private async send(): Promise<void> {
    const { clock = systemClock, random = Math.random } = this.environment;
    while (this.again) {
      this.again = false;
      try {
        await this.transport.send();
        this.failures = 0;
      } catch (error) {
        this.failed(error);
        await pause(backoffDelay(this.failures, RETRY, random()), clock, this.ending.signal);
      }
    }
    this.sending = null;
  }

  /** Said once: until it works again, the poll of the others finds the events. */
  private failed(error: unknown): void {
    if (this.failures++ > 0) return;
    this.environment.logger.warn(
      `Signals do not get through; other processes find events by their poll until they do: ${describeError(error)}`,
    );
  }
}
