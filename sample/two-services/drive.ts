import { setTimeout as sleep } from 'node:timers/promises';

import type { EventxEvent, EventxRunner } from 'nestjs-eventx';

import { percentile } from '../shared/percentile.js';
import { ORDER_PLACED } from './order-placed.js';

const CUSTOMERS = ['ada', 'alan', 'barbara', 'grace'];
const CLIENTS = 4;
/** When nothing has happened for so long, what is missing is lost. */
const PATIENCE_MS = 10_000;

export interface DriveResult {
  readonly placed: number;
  /** Sequence numbers that were jumped over or came twice, at the remote subscriber. */
  readonly disorder: number;
  /** Orders that the consumer has counted. */
  readonly counted: number;
  /** From the answer to the order until the event reached the remote subscriber, in ms. */
  readonly p50: number;
  readonly p99: number;
}

interface Sales {
  readonly orders: number;
}

/** Places orders with one service, and looks whether they arrive at the other, and at a subscriber that follows it over HTTP. */
export class Drive {
  private readonly answered = new Map<string, number>();
  private readonly delivered = new Map<string, number>();
  private disorder = 0;

  constructor(
    private readonly coreUrl: string,
    private readonly eventsUrl: string,
    private readonly remote: EventxRunner<EventxEvent>,
  ) {}

  async run(orders: number): Promise<DriveResult> {
    const before = await this.counted();
    const start = await this.remote.ready();
    const stop = new AbortController();
    const following = this.follow(start, stop.signal);

    let next = 0;
    const client = async () => {
      while (next < orders) await this.place(next++);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await this.settle(() => this.delivered.size >= orders);
    await this.settle(async () => (await this.counted()) - before >= orders);

    stop.abort();
    await following;
    const latencies = [...this.answered]
      .map(([key, at]) => Math.max(0, (this.delivered.get(key) ?? NaN) - at))
      .sort((a, b) => a - b);
    return {
      placed: this.answered.size,
      disorder: this.disorder,
      counted: (await this.counted()) - before,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
    };
  }

  private async place(number: number): Promise<void> {
    const response = await fetch(`${this.coreUrl}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customer: CUSTOMERS[number % CUSTOMERS.length], total: 10 }),
    });
    if (!response.ok) throw new Error(`An order was answered with ${response.status}.`);
    const { id } = (await response.json()) as { id: string };
    this.answered.set(id, performance.now());
  }

  private async follow(start: number, signal: AbortSignal): Promise<void> {
    let last = start;
    for await (const { seq, type, key } of this.remote
      .subscriber({ from: start + 1 })
      .events(signal)) {
      if (seq !== last + 1) this.disorder++;
      last = seq;
      if (type === ORDER_PLACED) this.delivered.set(key!, performance.now());
    }
  }

  private async counted(): Promise<number> {
    const response = await fetch(`${this.eventsUrl}/sales`);
    const sales = (await response.json()) as Sales[];
    return sales.reduce((sum, { orders }) => sum + orders, 0);
  }

  private async settle(done: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await done()) && performance.now() < end) await sleep(20);
  }
}
