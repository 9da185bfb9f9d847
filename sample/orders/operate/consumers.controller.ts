import { Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { type ConsumerInfo, EventxConsumers } from 'nestjs-eventx';

import { UsageErrorFilter } from './usage-error.filter.js';

/** The durable consumers, those of this process and of all others alike. */
@Controller('consumers')
@UseFilters(UsageErrorFilter)
export class ConsumersController {
  constructor(private readonly consumers: EventxConsumers) {}

  @Get()
  list(): Promise<ConsumerInfo[]> {
    return this.consumers.list();
  }

  @Post(':name/pause')
  @HttpCode(204)
  pause(@Param('name') name: string): Promise<void> {
    return this.consumers.pause(name);
  }

  @Post(':name/resume')
  @HttpCode(204)
  resume(@Param('name') name: string): Promise<void> {
    return this.consumers.resume(name);
  }
}
