import { Injectable } from '@nestjs/common';
import { type ConsumerContext, type EventxEvent, OnEventx } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { ORDER_PLACED, type OrderPlaced } from '../order-placed.js';
import { Sales } from './sales.entity.js';

@Injectable()
export class SalesConsumer {
  /** Each order counts exactly once: the sum and the consumer's place in the log commit together. */
  @OnEventx(ORDER_PLACED, { consumer: 'sales', transactional: true, startFrom: 'earliest' })
  async add(
    { data: { customer, total } }: EventxEvent<OrderPlaced>,
    { manager }: ConsumerContext<EntityManager>,
  ): Promise<void> {
    await manager.upsert(Sales, { customer }, ['customer']);
    await manager.increment(Sales, { customer }, 'orders', 1);
    await manager.increment(Sales, { customer }, 'total', total);
  }
}
