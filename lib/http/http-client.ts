import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as AgentOfHttps, request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

export interface HttpRequest {
  /** @default 'GET' */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole answer, in ms. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly ok: boolean;
  /** What it says in its first line, e.g. `404 Not Found`. */
  readonly status: string;
  readonly body: string;
}

/**
 * Sends requests on connections of its own, which it keeps for the next one until it is told to let go. Not `fetch`: that keeps the
 * connections where nobody can close them, and opens a new one in place of each that was given up, without ever using it. A server
 * cannot tell that from one that is about to ask, and waits for it when it shuts down. Redirects are not followed: they would carry
 * the headers, and the secrets in them, to wherever they point. Only for requests that do no harm when they come twice.
 */
export class HttpClient {
  private readonly http = new Agent({ keepAlive: true });
  private readonly https = new AgentOfHttps({ keepAlive: true });
  private readonly maxFreeSockets = this.http.maxFreeSockets;

  /** @throws the signal's reason, or an Error that says why there was no answer */
  async send(url: URL, request: HttpRequest): Promise<HttpAnswer> {
    for (;;) {
      const exchange = new Exchange(this.open(url, request), request);
      try {
        return await exchange.answer();
      } catch (error) {
        if (!exchange.cameTooLate(error)) throw error;
      }
    }
  }

  /** Keeps connections again. */
  keep(): void {
    for (const agent of [this.http, this.https]) agent.maxFreeSockets = this.maxFreeSockets;
  }

  /** Closes the connections that are kept, and from now on each one after its answer. */
  letGo(): void {
    for (const agent of [this.http, this.https]) {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    }
  }

  private open(url: URL, { method = 'GET', headers }: HttpRequest): ClientRequest {
    const options = { method, headers };
    return url.protocol === 'https:'
      ? requestHttps(url, { ...options, agent: this.https })
      : requestHttp(url, { ...options, agent: this.http });
  }
}

/** One request with its answer, which has to come in time. */
class Exchange {
  /** Why it was given up. */
  private givenUp: Error | undefined;
  private answered = false;

  constructor(
    private readonly request: ClientRequest,
    private readonly bounds: Pick<HttpRequest, 'timeout' | 'signal'>,
  ) {}

  async answer(): Promise<HttpAnswer> {
    const { timeout, signal } = this.bounds;
    const onAbort = () => this.giveUp(signal?.reason as Error);
    const timer = setTimeout(
      () => this.giveUp(new Error(`it did not answer within ${timeout} ms`)),
      timeout,
    );
    signal?.addEventListener('abort', onAbort);
    try {
      const response = await this.response(signal);
      this.answered = true;
      const { statusCode = 0, statusMessage = '' } = response;
      const body = await text(response);
      const ok = statusCode >= 200 && statusCode < 300;
      return { ok, status: `${statusCode} ${statusMessage}`.trim(), body };
    } catch (error) {
      throw this.givenUp ?? error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Whether the server seems to have closed the kept connection at the moment at which this was sent on it. */
  cameTooLate(error: unknown): boolean {
    if (this.givenUp || this.answered || !this.request.reusedSocket) return false;
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ECONNRESET' || code === 'EPIPE';
  }

  private response(signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      this.request.once('response', resolve);
      // Also one that comes with the body, and is heard of there.
      this.request.on('error', reject);
      if (signal?.aborted) this.giveUp(signal.reason as Error);
      else this.request.end();
    });
  }

  private giveUp(why: Error): void {
    this.givenUp ??= why;
    this.request.destroy(why);
  }
}
