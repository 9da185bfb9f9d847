import { Controller, Get } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Sales } from './sales.entity.js';

@Controller('sales')
export class SalesController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  list(): Promise<Sales[]> {
    return this.dataSource.manager.find(Sales, { order: { customer: 'ASC' } });
  }
}
