import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EventxRunner, EventxService } from 'nestjs-eventx';

import { Measurements } from '../measure/measurements.js';
import type { SubscriberReport } from '../measure/recording.js';
import { StockAudit, type StockReport } from '../stock/stock.audit.js';
import { CatchUp, type ConsumerReport } from './catch-up.js';
import { type LoadResult, placeOrders } from './load.js';
import { Progress } from './progress.js';

export interface DriveOptions {
  /** Where the application listens. */
  readonly url: string;
  readonly orders: number;
  readonly clients: number;
}

export interface DriveResult extends LoadResult {
  readonly ordered: number;
  /** Events that were committed. */
  readonly events: number;
  /** From the first order until the last event was delivered. */
  readonly seconds: number;
  readonly subscribers: readonly SubscriberReport[];
  /** What durable consumers made of the events; null when an order failed. */
  readonly effects: Effects | null;
}

export interface Effects {
  readonly consumers: readonly ConsumerReport[];
  readonly stock: StockReport;
}

/** When nothing has been delivered for so long, what is missing is lost. A consumer whose process died moves sooner. */
const PATIENCE_MS = 10_000;

/** Uses the application as its clients would, and looks whether every event arrives and does its work. */
@Injectable()
export class Drive implements OnModuleDestroy {
  private readonly stop = new AbortController();

  constructor(
    private readonly eventx: EventxService,
    private readonly runner: EventxRunner,
    private readonly measurements: Measurements,
    private readonly catchUp: CatchUp,
    private readonly stock: StockAudit,
  ) {}

  onModuleDestroy(): void {
    this.stop.abort();
  }

  /** @returns null when the application was shut down meanwhile */
  async run(options: DriveOptions): Promise<DriveResult | null> {
    try {
      const result = await this.drive(options);
      return this.stop.signal.aborted ? null : result;
    } catch (error) {
      if (this.stop.signal.aborted) return null;
      throw error;
    }
  }

  private async drive({ url, orders, clients }: DriveOptions): Promise<DriveResult> {
    const { signal } = this.stop;
    const first = (await this.runner.ready(signal)) + 1;
    const progress = new Progress(orders);
    const recording = this.measurements.start();
    const live = this.eventx
      .events$({ from: first })
      .subscribe((event) => this.measurements.delivered('live', event));
    const start = performance.now();

    const onOrder = (sent: number) => progress.update(sent);
    const load = await placeOrders({ url, orders, clients, signal, onOrder });
    if (!signal.aborted) await this.measurements.settled(recording, PATIENCE_MS);
    live.unsubscribe();
    this.measurements.stop();
    const effects = load.failure === null && !signal.aborted ? await this.effects(first) : null;
    progress.end();
    return {
      ...load,
      ordered: orders,
      events: recording.events,
      seconds: (recording.end - start) / 1000,
      subscribers: recording.report(),
      effects,
    };
  }

  private async effects(first: number): Promise<Effects> {
    const { lastSeq } = await this.runner.state();
    const consumers = await this.catchUp.run(first, lastSeq, PATIENCE_MS);
    return { consumers, stock: await this.stock.run() };
  }
}
