export const ORDER_PLACED = 'order.placed';

/** What the two services agree on. */
export interface OrderPlaced {
  readonly customer: string;
  readonly total: number;
}
