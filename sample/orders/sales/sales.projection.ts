import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type EventxEvent, EventxService, type EventxSubscriber } from 'nestjs-eventx';

import { Measurements } from '../measure/measurements.js';
import { isItemOrdered, isOrderPlaced } from '../orders/order.events.js';

export interface Sales {
  /** The last event that is counted in. */
  readonly seq: number;
  readonly orders: number;
  readonly ordersByCustomer: Record<string, number>;
  readonly unitsBySku: Record<string, number>;
}

/**
 * Who ordered how often, and what was sold. Kept in memory only: the log holds all it takes to work it out again, so each start
 * begins with the oldest event.
 */
@Injectable()
export class SalesProjection implements OnApplicationBootstrap {
  private readonly logger = new Logger(SalesProjection.name);
  private readonly ordersByCustomer = new Map<string, number>();
  private readonly unitsBySku = new Map<string, number>();
  private readonly subscriber: EventxSubscriber<EventxEvent>;
  private orders = 0;

  constructor(
    eventx: EventxService,
    private readonly measurements: Measurements,
  ) {
    this.subscriber = eventx.subscriber({ from: 'earliest' });
  }

  onApplicationBootstrap(): void {
    this.follow().catch((error) => this.logger.error('Sales are no longer counted', error));
  }

  /** The loop ends when the application shuts down. */
  private async follow(): Promise<void> {
    for await (const event of this.subscriber) this.apply(event);
  }

  private apply(event: EventxEvent): void {
    this.measurements.delivered('sales', event);
    if (isOrderPlaced(event)) {
      this.orders++;
      add(this.ordersByCustomer, event.data.customer, 1);
    } else if (isItemOrdered(event)) {
      add(this.unitsBySku, event.data.sku, event.data.quantity);
    }
  }

  /** The last event that is counted in, or would be, had it not been deleted. */
  get position(): number {
    return (this.subscriber.nextSeq ?? 1) - 1;
  }

  current(): Sales {
    return {
      seq: this.position,
      orders: this.orders,
      ordersByCustomer: Object.fromEntries(this.ordersByCustomer),
      unitsBySku: Object.fromEntries(this.unitsBySku),
    };
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
