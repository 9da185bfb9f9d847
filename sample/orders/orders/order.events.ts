import type { EventInput, EventxEvent } from 'nestjs-eventx';

import type { Order, OrderItem } from './order.entity.js';

export const ORDER_PLACED = 'order.placed';
export const ITEM_ORDERED = 'item.ordered';

export interface OrderPlaced {
  readonly order: string;
  readonly customer: string;
  readonly items: readonly OrderItem[];
}

export interface ItemOrdered extends OrderItem {
  readonly order: string;
}

/**
 * What happened when an order was placed: the order itself, then each of its items. The key is the customer: who handles several
 * events at once, or goes on past a failed one, still keeps those of a customer in order.
 */
export function orderPlacedEvents({ id, customer, items }: Order): EventInput[] {
  return [
    {
      type: ORDER_PLACED,
      key: customer,
      data: { order: id, customer, items } satisfies OrderPlaced,
    },
    ...items.map(({ sku, quantity }) => ({
      type: ITEM_ORDERED,
      key: customer,
      data: { order: id, sku, quantity } satisfies ItemOrdered,
    })),
  ];
}

export function isOrderPlaced(event: EventxEvent): event is EventxEvent<OrderPlaced> {
  return event.type === ORDER_PLACED;
}

export function isItemOrdered(event: EventxEvent): event is EventxEvent<ItemOrdered> {
  return event.type === ITEM_ORDERED;
}
