import { Module } from '@nestjs/common';

import { ConfirmationMailer } from './confirmation.mailer.js';
import { MailOutbox } from './mail-outbox.js';
import { MailController } from './mail.controller.js';

@Module({ controllers: [MailController], providers: [ConfirmationMailer, MailOutbox] })
export class MailModule {}
