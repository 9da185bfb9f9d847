import type { PlaceOrder } from '../orders/place-order.pipe.js';

export interface Load {
  readonly url: string;
  readonly orders: number;
  readonly clients: number;
  /** Stops the clients, each after the order it is at. */
  readonly signal: AbortSignal;
  /** Called after each order, with how many were sent so far. */
  readonly onOrder: (sent: number) => void;
}

export interface LoadResult {
  /** Orders that were answered with success. */
  readonly placed: number;
  /** Why an order failed, which ends the run; null when none did. */
  readonly failure: string | null;
}

const CUSTOMERS = ['ada', 'alan', 'barbara', 'dennis', 'edsger', 'grace', 'ken', 'margaret'];
const SKUS = ['cocoa', 'coffee', 'milk', 'sugar', 'tea'];

/**
 * Places orders as so many clients would: each sends its next one when the last was answered, over a connection it keeps. Stops
 * when one fails: the run is spoilt then, and a database that is gone would fail all the others, too.
 */
export async function placeOrders(load: Load): Promise<LoadResult> {
  let next = 0;
  let placed = 0;
  let sent = 0;
  let failure: string | null = null;

  const client = async () => {
    while (next < load.orders && failure === null && !load.signal.aborted) {
      const problem = await placeOrder(load, sampleOrder(next++));
      if (problem === null) placed++;
      else failure ??= problem;
      load.onOrder(++sent);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  return { placed, failure };
}

/** @returns what went wrong, or null */
async function placeOrder({ url }: Load, order: PlaceOrder): Promise<string | null> {
  try {
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    // Read to its end in any case: only then is the connection free for the next order.
    const body = await response.text();
    return response.ok ? null : `HTTP ${response.status}: ${body}`;
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}

/** One to three items. */
function sampleOrder(index: number): PlaceOrder {
  const items = Array.from({ length: 1 + (index % 3) }, (_, line) => ({
    sku: SKUS[(index + line) % SKUS.length]!,
    quantity: 1 + ((index + line) % 4),
  }));
  return { customer: CUSTOMERS[index % CUSTOMERS.length]!, items };
}
