import { Injectable } from '@nestjs/common';
import { type ConsumerContext, EventxConsumer, EventxEvent, OnEventx } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { ITEM_ORDERED, type ItemOrdered } from '../orders/order.events.js';
import { Stock } from './stock.entity.js';

/**
 * Reserves what was ordered. What it writes through the manager commits together with its place in the log, so each event counts
 * exactly once: after a crash, a failure, or a move to another process.
 */
@EventxConsumer('stock', { transactional: true, startFrom: 'earliest' })
@Injectable()
export class StockReservation {
  @OnEventx(ITEM_ORDERED)
  async reserve(
    { data: { sku, quantity } }: EventxEvent<ItemOrdered>,
    { manager }: ConsumerContext<EntityManager>,
  ): Promise<void> {
    // Nobody else writes to the table: a consumer runs in one process at a time, and handles one event after the other.
    const { affected } = await manager.increment(Stock, { sku }, 'reserved', quantity);
    if (affected === 0) await manager.insert(Stock, { sku, reserved: quantity });
  }
}
