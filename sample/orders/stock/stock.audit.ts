import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { EventxConsumers, EventxService } from 'nestjs-eventx';
import type { Repository } from 'typeorm';

import { isItemOrdered } from '../orders/order.events.js';
import { Stock } from './stock.entity.js';

export interface StockReport {
  /** The last event that counts. */
  readonly seq: number;
  /** Units reserved in all. */
  readonly reserved: number;
  /** What the log adds up to. */
  readonly ordered: number;
  /** Articles of which the table says something else than the log. */
  readonly wrong: readonly string[];
}

/** Compares the table with the sum of the log. At whatever moment one looks, they must be equal. */
@Injectable()
export class StockAudit {
  constructor(
    @InjectRepository(Stock) private readonly stock: Repository<Stock>,
    private readonly consumers: EventxConsumers,
    private readonly eventx: EventxService,
  ) {}

  async run(): Promise<StockReport> {
    const { seq, reserved } = await this.snapshot();
    const ordered = await this.orderedUpTo(seq);
    const skus = [...new Set([...reserved.keys(), ...ordered.keys()])];
    return {
      seq,
      reserved: sum(reserved),
      ordered: sum(ordered),
      wrong: skus.filter((sku) => reserved.get(sku) !== ordered.get(sku)),
    };
  }

  /** The table, and the place in the log that goes with it: where the consumer was before and after the table was read. */
  private async snapshot(): Promise<{ seq: number; reserved: Map<string, number> }> {
    for (;;) {
      const before = await this.consumers.get('stock');
      const rows = await this.stock.find();
      const after = await this.consumers.get('stock');
      if (before.offset !== after.offset) continue;
      return {
        seq: after.offset,
        reserved: new Map(rows.map(({ sku, reserved }) => [sku, reserved])),
      };
    }
  }

  private async orderedUpTo(seq: number): Promise<Map<string, number>> {
    const ordered = new Map<string, number>();
    if (seq === 0) return ordered;
    for await (const event of this.eventx.subscriber({ from: 'earliest' })) {
      if (isItemOrdered(event)) {
        const { sku, quantity } = event.data;
        ordered.set(sku, (ordered.get(sku) ?? 0) + quantity);
      }
      if (event.seq >= seq) break;
    }
    return ordered;
  }
}

function sum(units: ReadonlyMap<string, number>): number {
  return [...units.values()].reduce((total, count) => total + count, 0);
}
