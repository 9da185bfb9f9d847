import { setTimeout as delay } from 'node:timers/promises';

/** Watches something that should always grow, and keeps the times for which it did not. */
export class Growth {
  /** In ms, each from one growth to the next. */
  readonly pauses: number[] = [];
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    private readonly value: () => Promise<number>,
    private readonly everyMs: number,
  ) {
    this.loop = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async watch(): Promise<void> {
    let last = -1;
    let since = performance.now();
    while (!this.stopping.signal.aborted) {
      const value = await this.value();
      const now = performance.now();
      if (value > last) {
        this.pauses.push(now - since);
        since = now;
        last = value;
      }
      await delay(this.everyMs);
    }
  }
}
