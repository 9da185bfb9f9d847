import { integerOption, refuseUnknownOptions } from '../core/checks.js';
import { checkHttpUrl, describeFetchError } from '../core/http.js';
import { checkSecret, SECRET_HEADER } from './secret.js';
import type { SignalTransport } from './signal-transport.js';

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
  const { origin, pathname } = new URL(url);
  return {
    async send() {
      const response = await post(url, secret, limit).catch((error: unknown) => {
        throw new Error(`${origin}${pathname}: ${describeFetchError(error)}`, { cause: error });
      });
      if (!response.ok) {
        throw new Error(`${origin}${pathname} answered ${response.status} ${response.statusText}`);
      }
    },
  };
}

async function post(url: string, secret: string, limit: number): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { [SECRET_HEADER]: secret },
    // It would carry the secret to wherever it points.
    redirect: 'error',
    signal: AbortSignal.timeout(limit),
  });
  // Read to the end, or the connection cannot be used again.
  await response.arrayBuffer();
  return response;
}
