import { BadRequestException, Body, Controller, Post } from '@nestjs/common';
import { EventxService } from 'nestjs-eventx';
import { DataSource } from 'typeorm';

import { ORDER_PLACED, type OrderPlaced } from '../order-placed.js';
import { Order } from './order.entity.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly eventx: EventxService,
  ) {}

  /** The order and its event are there after it, or neither. The event service hears of it by itself. */
  @Post()
  place(@Body() body: unknown): Promise<Order> {
    const placed = orderIn(body);
    return this.dataSource.transaction(async (manager) => {
      const order = await manager.save(manager.create(Order, placed));
      await this.eventx.publish(manager, { type: ORDER_PLACED, key: order.id, data: placed });
      return order;
    });
  }
}

function orderIn(body: unknown): OrderPlaced {
  const { customer, total } = (body ?? {}) as Partial<Record<keyof OrderPlaced, unknown>>;
  if (typeof customer === 'string' && customer !== '' && Number.isSafeInteger(total)) {
    return { customer, total: total as number };
  }
  throw new BadRequestException('An order needs a customer and a total, a whole number.');
}
