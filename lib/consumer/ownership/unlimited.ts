import { setMaxListeners } from 'node:events';

/** The same signal, without Node's warning about a leak: every lane listens to it, and there may be many. */
export function unlimited(signal: AbortSignal): AbortSignal {
  setMaxListeners(Infinity, signal);
  return signal;
}
