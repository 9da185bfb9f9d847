import type { Clock } from './clock.js';

/**
 * The bell of a loop: many signals collapse into one, a signal given while the loop is busy is kept until it next waits,
 * and at most one timer exists at any time.
 */
export class WakeUp {
  private rung = false;
  private wake: (() => void) | null = null;

  constructor(private readonly clock: Clock) {}

  /** Wakes the loop now, or keeps it from waiting the next time. Never throws, costs nothing. */
  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Resolves at the next ring, after `ms`, or when the signal aborts, whichever comes first. One waiter at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.park(ms, signal, true);
  }

  /** As `wait`, but rings are kept for later: a pause that nothing but an abort cuts short. */
  pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.park(ms, signal, false);
  }

  private async park(ms: number, signal: AbortSignal, hearsRings: boolean): Promise<void> {
    if (!signal.aborted && !(hearsRings && this.rung)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          cancelTimer();
          signal.removeEventListener('abort', done);
          this.wake = null;
          resolve();
        };
        const cancelTimer = this.clock.after(ms, done);
        signal.addEventListener('abort', done);
        if (hearsRings) this.wake = done;
      });
    }
    if (hearsRings) this.rung = false;
  }
}
