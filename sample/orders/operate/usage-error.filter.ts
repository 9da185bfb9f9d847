import { type ArgumentsHost, Catch, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { EventxUsageError } from 'nestjs-eventx';

/** A consumer or a dead letter that is not there. */
@Catch(EventxUsageError)
export class UsageErrorFilter extends BaseExceptionFilter {
  override catch(error: EventxUsageError, host: ArgumentsHost): void {
    super.catch(new NotFoundException(error.message), host);
  }
}
