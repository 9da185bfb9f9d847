import { Injectable } from '@nestjs/common';
import { EventxEvent, OnEventx } from 'nestjs-eventx';

import { ORDER_PLACED, type OrderPlaced } from '../orders/order.events.js';
import { MailOutbox } from './mail-outbox.js';

/**
 * Confirms each order by mail. Its place in the log is stored: what was ordered while it was down is confirmed when it is back, and
 * of several processes one has it. A mail that fails three times is parked in the dead letters, with all later ones to the same
 * customer behind it; the other customers get theirs.
 */
@Injectable()
export class ConfirmationMailer {
  constructor(private readonly outbox: MailOutbox) {}

  @OnEventx(ORDER_PLACED, {
    consumer: 'mailer',
    startFrom: 'earliest',
    retry: { attempts: 3, backoff: { initial: 100 } },
    afterRetries: 'park-key',
  })
  async confirm({ uuid, data }: EventxEvent<OrderPlaced>): Promise<void> {
    const items = data.items.map(({ sku, quantity }) => `${quantity} × ${sku}`);
    await this.outbox.send({
      // After a crash the last events come again: the same id lets a mail server drop the repeat.
      id: uuid,
      to: data.customer,
      subject: `Your order ${data.order}`,
      text: `Thank you! You ordered ${items.join(', ')}.`,
    });
  }
}
