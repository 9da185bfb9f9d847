import { type Clock, systemClock } from '../../../util/clock.js';

/** A mutex that serves its waiters first come, first served. */
export class FifoLock {
  private held = false;
  // A Set keeps the order of arrival and lets one that gives up leave from the middle.
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock = systemClock) {}

  /**
   * Resolves when the lock is the caller's; every acquire needs its `release`.
   *
   * @param limitMs rejects after so many milliseconds in the queue
   * @param tooLong makes the error for that
   */
  acquire(limitMs: number, tooLong: () => Error): Promise<void> {
    if (!this.held) {
      this.held = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const cancelLimit = this.clock.after(limitMs, () => {
        this.waiting.delete(grant);
        reject(tooLong());
      });
      const grant = () => {
        cancelLimit();
        resolve();
      };
      this.waiting.add(grant);
    });
  }

  /** Hands the lock to the longest waiter. It is never free in between, so nobody can push in. */
  release(): void {
    const [next] = this.waiting;
    if (next) {
      this.waiting.delete(next);
      next();
    } else {
      this.held = false;
    }
  }
}
