import type { ClientProxy } from '@nestjs/microservices';
import { lastValueFrom, timeout } from 'rxjs';

import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { SignalTransport } from '../signal/signal-transport.js';
import { DEFAULT_PATTERN } from './pattern.js';

export interface ClientProxySignalOptions {
  /** As the receivers have it. @default 'eventx.signal' */
  readonly pattern?: string;
  /** How long to wait for the broker, in ms. @default 1000 */
  readonly timeout?: number;
}

/**
 * Signals over any transport of `@nestjs/microservices`. With NATS and Redis every process that listens gets them; with RabbitMQ one
 * of those that share a queue; with TCP the one at the other end.
 * @param client the application's, which also closes it
 * @throws EventxOptionsError
 */
export function clientProxySignal(
  client: ClientProxy,
  options: ClientProxySignalOptions = {},
): SignalTransport {
  refuseUnknownOptions('clientProxySignal', options, ['pattern', 'timeout']);
  if (typeof client?.emit !== 'function') {
    throw new EventxOptionsError(
      'clientProxySignal needs a ClientProxy. Register one with ClientsModule and inject it: ' +
        "EventxModule.forRootAsync({ inject: ['BUS'], useFactory: (bus) => ({ signals: [clientProxySignal(bus)] }) }).",
    );
  }
  const { pattern = DEFAULT_PATTERN } = options;
  const limit = integerOption('timeout', options.timeout, 1000);
  return {
    send: () =>
      lastValueFrom(client.emit<unknown>(pattern, '').pipe(timeout(limit)), {
        defaultValue: undefined,
      }),
  };
}
