import { Injectable } from '@nestjs/common';

export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const KEPT = 5;

/** Stands in for a mail server: counts what this process gave it, and keeps the newest. Mail to bob bounces until it is mended. */
@Injectable()
export class MailOutbox {
  private readonly bouncing = new Set(['bob']);
  private readonly mails: Mail[] = [];
  private count = 0;

  send(mail: Mail): Promise<void> {
    if (this.bouncing.has(mail.to)) {
      return Promise.reject(new Error(`550 the mailbox of ${mail.to} is full`));
    }
    this.count++;
    this.mails.push(mail);
    if (this.mails.length > KEPT) this.mails.shift();
    return Promise.resolve();
  }

  mend(): void {
    this.bouncing.clear();
  }

  get sent(): number {
    return this.count;
  }

  /** Oldest first. */
  get newest(): readonly Mail[] {
    return this.mails;
  }
}
