import type { BenchApp } from './app.js';
import { payload, type PayloadSize } from './payload.js';

/** Told of every transaction that was acknowledged: the number of its event, and when. */
export type OnCommit = (n: number, at: number) => void;

/** Producers: each transaction publishes one event, whose key is its number: 0, 1, 2, … */
export class Writers {
  private readonly data: unknown;
  private next = 0;

  constructor(
    private readonly app: Pick<BenchApp, 'eventx' | 'dataSource'>,
    bytes: PayloadSize = 200,
    private readonly onCommit: OnCommit = () => undefined,
  ) {
    this.data = payload(bytes);
  }

  /** Transactions begun. */
  get count(): number {
    return this.next;
  }

  /** So many at a time, each as fast as it can. @returns commits/s */
  async flatOut(writers: number, ms: number): Promise<number> {
    const before = this.next;
    const begin = performance.now();
    const write = async () => {
      while (performance.now() - begin < ms) await this.write();
    };
    await Promise.all(Array.from({ length: writers }, write));
    return ((this.next - before) * 1000) / (performance.now() - begin);
  }

  /** A transaction every so often, whether or not those before have ended. */
  async paced(perSecond: number, ms: number): Promise<void> {
    const under: Promise<void>[] = [];
    const begin = performance.now();
    const total = Math.max(1, Math.round((perSecond * ms) / 1000));
    for (let started = 0; started < total;) {
      const due = Math.floor(((performance.now() - begin) * perSecond) / 1000);
      for (; started < Math.min(due, total); started++) under.push(this.write());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(under);
  }

  private async write(): Promise<void> {
    const n = this.next++;
    await this.app.dataSource.transaction((manager) =>
      this.app.eventx.publish(manager, {
        type: 'order.placed',
        key: String(n),
        data: this.data,
      }),
    );
    this.onCommit(n, performance.now());
  }
}
