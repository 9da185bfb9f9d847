import type { Clock } from '../util/clock.js';
import { describeError, type EventxLogger } from '../util/logger.js';

/** In ms; an error that stays the same is warned of so often. */
const REMINDER_MS = 60_000;
/** Errors that are told apart; where there are more, some are warned of again. */
const KINDS = 16;

/** The tries of a runner that failed in a row, and what is said of them. */
export class Failures {
  count = 0;
  lastError: string | null = null;
  since: Date | null = null;
  private beganAt = 0;
  /** When each kind of error was last warned of. */
  private readonly warnedAt = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: EventxLogger | undefined,
  ) {}

  /**
   * A single failure (a deadlock, a lost connection) is normal weather; only a second in a row is worth a warning. After that each other
   * error is warned of at once, and one that is known already once a minute.
   * @param delay ms until the next try
   */
  add(error: unknown, delay: number): void {
    if (this.count++ === 0) {
      this.since = new Date();
      this.beganAt = this.clock.now();
    }
    this.lastError = describeError(error);
    const message = `Cannot follow the log, try ${this.count}${this.duration()}, next in ${delay} ms: ${this.lastError}`;
    if (this.count > 1 && this.isToBeWarnedOf(this.lastError)) this.logger?.warn(message);
    else this.logger?.debug?.(message);
  }

  /** A try worked. */
  end(): void {
    if (this.count === 0) return;
    if (this.count > 1) {
      this.logger?.log(`Recovered after ${this.count} failed tries${this.duration()}.`);
    }
    this.count = 0;
    this.lastError = null;
    this.since = null;
    this.warnedAt.clear();
  }

  private isToBeWarnedOf(error: string): boolean {
    // A port, a session or a time in it makes no other error.
    const kind = error.replace(/\d+/g, '#');
    const now = this.clock.now();
    const last = this.warnedAt.get(kind);
    if (last !== undefined && now - last < REMINDER_MS) return false;
    if (this.warnedAt.size >= KINDS) this.warnedAt.clear();
    this.warnedAt.set(kind, now);
    return true;
  }

  private duration(): string {
    const ms = Math.round(this.clock.now() - this.beganAt);
    if (ms < 1000) return '';
    const [s, min, h] = [1000, 60_000, 3_600_000];
    if (ms < 2 * min) return ` in ${Math.round(ms / s)} s`;
    return ms < 2 * h ? ` in ${Math.round(ms / min)} min` : ` in ${Math.round(ms / h)} h`;
  }
}
