import { AsyncResource } from 'node:async_hooks';

/** Made when the library is loaded, so that it belongs to nobody. */
const nobodys = new AsyncResource('Eventx');

/**
 * Starts what outlives its caller. Whatever begins a loop or a timer hands its async context on to it: a consumer that a request
 * declares would otherwise run all its handlers, for ever, with that request's `AsyncLocalStorage`, and log them under its user.
 */
export function outside<T>(start: () => T): T {
  return nobodys.runInAsyncScope(start);
}
