import {
  Controller,
  ForbiddenException,
  Headers,
  HttpCode,
  Inject,
  Post,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';

import { systemClock } from '../util/clock.js';
import { collapse } from '../signal/collapse.js';
import { checkSecret, sameSecret, SECRET_HEADER } from './secret.js';
import { EventxRunner } from '../log/runner.js';
import { answering, type RawRequest, type RawResponse } from './open-requests.js';
import { eventxToken } from '../nest/tokens.js';

export interface SignalControllerOptions {
  /** Shared with the senders; 16 characters at least. */
  readonly secret: string;
  /** @default 'eventx/signal' */
  readonly path?: string;
  /** Name of the log. @default the unnamed one */
  readonly log?: string;
}

/**
 * A controller that takes signals by HTTP, for the application to mount: `controllers: [eventxSignalController({ secret })]`.
 * It answers 204, or 403 for a wrong secret; a body is ignored.
 * @throws EventxOptionsError when the secret is too short
 */
export function eventxSignalController({
  secret,
  path = 'eventx/signal',
  log,
}: SignalControllerOptions): Type {
  checkSecret('eventxSignalController', secret);

  // The two ends of the wire know nothing of the versions of an application's own API.
  @Controller({ path, version: VERSION_NEUTRAL })
  class EventxSignalController {
    private readonly signal: () => void;

    constructor(@Inject(eventxToken(EventxRunner, log)) private readonly runner: EventxRunner) {
      this.signal = collapse(() => runner.signal(), systemClock);
    }

    @Post()
    @HttpCode(204)
    receive(
      @Req() request: RawRequest,
      @Res({ passthrough: true }) response: RawResponse,
      @Headers(SECRET_HEADER) given: string | undefined,
    ): Promise<void> {
      return answering(
        request,
        response,
        () => this.runner.status.running,
        () => {
          if (!sameSecret(given, secret))
            throw new ForbiddenException('The secret is wrong or missing.');
          this.signal();
        },
      );
    }
  }
  return EventxSignalController;
}
