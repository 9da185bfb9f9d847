import {
  BadRequestException,
  Controller,
  Get,
  HttpCode,
  Post,
  Query,
  UseFilters,
} from '@nestjs/common';
import { type DeadLetter, EventxDeadLetters, type ReplayResult } from 'nestjs-eventx';

import { UsageErrorFilter } from './usage-error.filter.js';

/** Events that a consumer could not handle. */
@Controller('dead-letters')
@UseFilters(UsageErrorFilter)
export class DeadLettersController {
  constructor(private readonly deadLetters: EventxDeadLetters) {}

  @Get()
  list(@Query('consumer') consumer?: string): Promise<readonly DeadLetter[]> {
    return this.deadLetters.list({ consumer });
  }

  /** Hands them to their consumer again, all of them or those of one key, oldest first. */
  @Post('replay')
  @HttpCode(200)
  replay(@Query('consumer') consumer?: string, @Query('key') key?: string): Promise<ReplayResult> {
    if (!consumer) throw new BadRequestException('Say whose: ?consumer=mailer');
    return this.deadLetters.replay({ consumer, key });
  }
}
