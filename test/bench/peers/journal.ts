import { percentile } from '../statistics.js';

/** Keeps what happened to which event, and when. Times are in ms. */
export class Journal {
  duplicates = 0;
  private readonly begun: number[] = [];
  private readonly committed: number[] = [];
  private readonly handled: number[] = [];
  private readonly order: number[] = [];

  begin(): number {
    return this.begun.push(performance.now()) - 1;
  }

  commit(n: number): void {
    this.committed[n] = performance.now();
  }

  handle(n: number): void {
    if (this.handled[n] !== undefined) {
      this.duplicates++;
      return;
    }
    this.handled[n] = performance.now();
    this.order.push(n);
  }

  /** Different events handled so far. */
  get count(): number {
    return this.order.length;
  }

  /** Events handled after one whose publishing began when they were committed already. */
  get disorder(): number {
    let latest = -Infinity;
    let wrong = 0;
    for (const n of this.order) {
      if (this.committed[n]! < latest) wrong++;
      latest = Math.max(latest, this.begun[n]!);
    }
    return wrong;
  }

  /** From commit to handler. An event that has not come yet counts as if it came now: its wait is longer than that. */
  latency(percent: number): number {
    const now = performance.now();
    const waits = this.committed.map((at, n) => Math.max(0, (this.handled[n] ?? now) - at));
    return percentile(waits, percent);
  }

  /** Events/s from the first to the last that was handled. */
  get rateOfHandling(): number {
    const times = this.order.map((n) => this.handled[n]!);
    return times.length < 2 ? 0 : ((times.length - 1) * 1000) / (times.at(-1)! - times[0]!);
  }
}
