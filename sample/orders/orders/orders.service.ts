import { Injectable } from '@nestjs/common';
import { EventxService } from 'nestjs-eventx';
import { DataSource } from 'typeorm';

import { Measurements } from '../measure/measurements.js';
import { Order } from './order.entity.js';
import { orderPlacedEvents } from './order.events.js';
import type { PlaceOrder } from './place-order.pipe.js';

@Injectable()
export class OrdersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly eventx: EventxService,
    private readonly measurements: Measurements,
  ) {}

  /** Writes the order and its events in one transaction: both are there after it, or neither. */
  async place({ customer, items }: PlaceOrder): Promise<Order> {
    const { order, events } = await this.dataSource.transaction(async (manager) => {
      const order = await manager.save(manager.create(Order, { customer, items: [...items] }));
      const events = await this.eventx.publish(manager, orderPlacedEvents(order));
      return { order, events };
    });
    this.measurements.committed(events);
    return order;
  }

  find(id: string): Promise<Order | null> {
    return this.dataSource.manager.findOneBy(Order, { id });
  }
}
