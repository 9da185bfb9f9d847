import type { Clock } from '../util/clock.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import type { EventxStorage } from '../storage/index.js';

/** A look takes a few ms, or as long as the way to the database; one that takes so long is worth a warning. */
const SLOW_MS = 100;
/** In ms; looks must have been slow, or quick, for so long before anything is said. */
const STREAK_MS = 10_000;

/** Warns when looks for pending events stay slow, with the cause where the storage knows it, and says when they are quick again. */
export class SlowLooks {
  private warned = false;
  /** Since when looks have been other than was said last. */
  private turnedAt: number | null = null;
  private warnedAt = 0;

  constructor(
    private readonly storage: Pick<EventxStorage<never>, 'explainSlowReads'>,
    private readonly clock: Clock,
    private readonly logger: EventxLogger | undefined,
  ) {}

  /** @param ms what a look took */
  looked(ms: number): void {
    const isSlow = ms >= SLOW_MS;
    if (isSlow === this.warned) {
      this.turnedAt = null;
      return;
    }
    const now = this.clock.now();
    this.turnedAt ??= now;
    if (now - this.turnedAt < STREAK_MS) return;
    this.turnedAt = null;
    this.warned = isSlow;
    if (isSlow) {
      this.warnedAt = now;
      void this.warn(ms);
    } else {
      const seconds = Math.round((now - this.warnedAt) / 1000);
      this.logger?.log(`Looking for new events is quick again, ${seconds} s after the warning.`);
    }
  }

  private async warn(ms: number): Promise<void> {
    const cause = await this.explain();
    this.logger?.warn(
      `Looking for new events has been slow for ${STREAK_MS / 1000} s, the last look took ${Math.round(ms)} ms: events are numbered late. ` +
        cause,
    );
  }

  private async explain(): Promise<string> {
    try {
      const cause = await this.storage.explainSlowReads?.();
      return cause ?? 'The cause is not known. Is the database overloaded, or far away?';
    } catch (error) {
      return `The cause could not be found out: ${describeError(error)}`;
    }
  }
}
