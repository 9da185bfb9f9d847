import { describeFetchError } from '../core/http.js';

export interface RequestSettings {
  readonly headers: Readonly<Record<string, string>>;
  /** In ms, for the whole answer. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Gets JSON. @throws Error that says which address did what */
export async function getJson(
  url: URL,
  { headers, timeout, signal }: RequestSettings,
): Promise<unknown> {
  const where = `The remote log at ${url.origin}${url.pathname}`;
  // Not AbortSignal.any: Node keeps a trace of each such signal for as long as its source lives, here as long as the application.
  const end = new AbortController();
  const onAbort = () => end.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  const timer = setTimeout(
    () => end.abort(new Error(`it did not answer within ${timeout} ms`)),
    timeout,
  );
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', ...headers },
      // It would carry the headers to wherever it points.
      redirect: 'error',
      signal: end.signal,
    });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    throw new Error(`it answered ${response.status} ${response.statusText}`);
  } catch (error) {
    throw new Error(`${where}: ${describeFetchError(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
