import { setMaxListeners } from 'node:events';

/**
 * The result of `work`, or the signal's reason as soon as it aborts. The work itself goes on; its outcome is then nobody's
 * business any more, and its failure no unhandled rejection.
 */
export async function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The same signal, without Node's warning of a leak: for one that many listen to. */
export function unlimited(signal: AbortSignal): AbortSignal {
  setMaxListeners(Infinity, signal);
  return signal;
}
