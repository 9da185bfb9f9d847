import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { checkHttpUrl } from './check-url.js';
import { HttpClient } from './http-client.js';
import { describeError } from '../util/logger.js';
import { checkSecret, SECRET_HEADER } from './secret.js';
import type { SignalTransport } from '../signal/signal-transport.js';

export interface HttpSignalOptions {
  /** Where `eventxSignalController` is mounted, e.g. `http://events:3000/eventx/signal`. */
  readonly url: string;
  /** The secret that the controller was given; 16 characters at least. */
  readonly secret: string;
  /** How long to wait for an answer, in ms. @default 1000 */
  readonly timeout?: number;
}

/**
 * Signals by HTTP POST, on kept-alive connections.
 * @throws EventxOptionsError
 */
export function httpSignal(options: HttpSignalOptions): SignalTransport {
  const { url, secret, timeout } = options;
  refuseUnknownOptions('httpSignal', options, ['url', 'secret', 'timeout']);
  checkHttpUrl('httpSignal', url);
  checkSecret('httpSignal', secret);
  const limit = integerOption('timeout', timeout, 1000);
  const target = new URL(url);
  const where = `${target.origin}${target.pathname}`;
  const http = new HttpClient();
  return {
    async send() {
      const headers = { [SECRET_HEADER]: secret };
      const sent = http.send(target, { method: 'POST', headers, timeout: limit });
      const answer = await sent.catch((error: unknown) => {
        throw new Error(`${where}: ${describeError(error)}`, { cause: error });
      });
      if (!answer.ok) throw new Error(`${where} answered ${answer.status}`);
    },
    close: () => http.letGo(),
  };
}
