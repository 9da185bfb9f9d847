import { Controller, Get } from '@nestjs/common';

import { type Sales, SalesProjection } from './sales.projection.js';

@Controller('sales')
export class SalesController {
  constructor(private readonly sales: SalesProjection) {}

  @Get()
  current(): Sales {
    return this.sales.current();
  }
}
