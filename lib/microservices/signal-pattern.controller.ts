import { Controller, Inject, type Type } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';

import { systemClock } from '../util/clock.js';
import { EventxService } from '../event-log/eventx.service.js';
import { eventxToken } from '../nest/tokens.js';
import { collapse } from '../signal/collapse.js';
import { DEFAULT_PATTERN } from './pattern.js';

export interface SignalPatternOptions {
  /** As the senders have it. @default 'eventx.signal' */
  readonly pattern?: string;
  /** Name of the log. @default the unnamed one */
  readonly log?: string;
}

/** A controller that takes signals from `clientProxySignal`: `controllers: [eventxSignalPattern()]`. The payload is ignored. */
export function eventxSignalPattern({
  pattern = DEFAULT_PATTERN,
  log,
}: SignalPatternOptions = {}): Type {
  @Controller()
  class EventxSignalPattern {
    private readonly signal: () => void;

    constructor(@Inject(eventxToken(EventxService, log)) eventx: EventxService) {
      this.signal = collapse(() => eventx.signal(), systemClock);
    }

    @EventPattern(pattern)
    receive(_payload: unknown): void {
      this.signal();
    }
  }
  return EventxSignalPattern;
}
