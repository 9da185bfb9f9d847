import { Controller, Get, HttpCode, Post } from '@nestjs/common';

import { type Mail, MailOutbox } from './mail-outbox.js';

@Controller('mails')
export class MailController {
  constructor(private readonly outbox: MailOutbox) {}

  @Get()
  newest(): { sent: number; newest: readonly Mail[] } {
    const { sent, newest } = this.outbox;
    return { sent, newest };
  }

  /** From now on no mail bounces. */
  @Post('mend')
  @HttpCode(204)
  mend(): void {
    this.outbox.mend();
  }
}
