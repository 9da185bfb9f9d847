import type { EventxEvent } from 'nestjs-eventx';

import { percentile } from '../statistics.js';

/** How long events took from the acknowledgement of their commit to their delivery, by the number in their key. */
export class Latency {
  private readonly committed: number[] = [];
  private readonly delivered: number[] = [];
  private arrived = 0;

  /** Events delivered so far. */
  get count(): number {
    return this.arrived;
  }

  readonly onCommit = (n: number, at: number): void => {
    this.committed[n] = at;
  };

  readonly onBatch = (batch: readonly EventxEvent[]): void => {
    const now = performance.now();
    for (const { key } of batch) this.delivered[Number(key)] = now;
    this.arrived += batch.length;
  };

  /** Resolves when all of them have arrived. */
  async complete(count: number): Promise<void> {
    while (this.arrived < count) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** In ms. Delivered before the acknowledgement came back counts as at once. */
  percentile(percent: number): number {
    const waits = this.committed.map((at, n) => Math.max(0, this.delivered[n]! - at));
    return percentile(waits, percent);
  }
}
