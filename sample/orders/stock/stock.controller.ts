import { Controller, Get } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';

import { Stock } from './stock.entity.js';

@Controller('stock')
export class StockController {
  constructor(@InjectRepository(Stock) private readonly stock: Repository<Stock>) {}

  @Get()
  all(): Promise<Stock[]> {
    return this.stock.find({ order: { sku: 'ASC' } });
  }
}
