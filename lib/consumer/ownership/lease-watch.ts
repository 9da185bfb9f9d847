import type { Clock } from '../../util/clock.js';

/**
 * The part of a lease that is relied on. The rest allows for what this process cannot know: that the database's clock runs a little faster than
 * its own, and how late a timer comes when the process is busy.
 */
const RELIED_ON = 0.9;

/**
 * Tells, by this process's own clock, when a lease that was not renewed is over. What counts is when a renewal was sent, not when it
 * was answered: a database that hangs holds up the answer, but not the end of the lease.
 */
export class LeaseWatch {
  private end: number;
  private cancel: (() => void) | null = null;

  /** @param sentAt when the lease was asked for, on the clock */
  constructor(
    private readonly clock: Clock,
    private readonly leaseMs: number,
    sentAt: number,
  ) {
    this.end = this.endOf(sentAt);
  }

  get isOver(): boolean {
    return this.clock.now() >= this.end;
  }

  /** @param sentAt when a renewal was sent that has succeeded */
  renewed(sentAt: number): void {
    this.end = this.endOf(sentAt);
  }

  /** Calls back once, as soon as it is over. */
  start(onEnd: () => void): void {
    // One timer, which looks again when it is due: renewals are far more frequent than it is.
    this.cancel = this.clock.after(Math.max(0, this.end - this.clock.now()), () => {
      if (this.isOver) onEnd();
      else this.start(onEnd);
    });
  }

  stop(): void {
    this.cancel?.();
  }

  private endOf(sentAt: number): number {
    return sentAt + this.leaseMs * RELIED_ON;
  }
}
