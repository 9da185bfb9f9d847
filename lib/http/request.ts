import type { HttpClient, HttpRequest } from './http-client.js';
import { describeError } from '../util/logger.js';
import { notALog } from './wire.js';

/** Gets JSON. @throws Error that says which address did what */
export async function getJson(
  http: HttpClient,
  url: URL,
  { headers, ...bounds }: HttpRequest,
): Promise<unknown> {
  try {
    const accept = { accept: 'application/json' };
    const answer = await http.send(url, { headers: { ...accept, ...headers }, ...bounds });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    return parse(answer.body);
  } catch (error) {
    throw new Error(`The remote log at ${url.origin}${url.pathname}: ${describeError(error)}`, {
      cause: error,
    });
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The error quotes from what came, which may be payloads.
    throw notALog();
  }
}
