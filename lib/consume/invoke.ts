import { fromEvent, isObservable, lastValueFrom, takeUntil } from 'rxjs';

import { HandlerTimeoutError } from '../core/errors.js';

/** How one call of a handler is bounded. */
export interface CallBounds {
  /** In ms; 0 is none. */
  readonly timeout: number;
  /** Ends the wait for the handler, with the signal's reason. */
  readonly abort: AbortSignal;
}

/**
 * Calls a handler and waits for its value, promise or Observable. A handler that outlives its bounds is not waited for any longer:
 * its signal is aborted, its Observable is unsubscribed, and its late result is nobody's business.
 * @throws what the handler throws, HandlerTimeoutError, or the reason of `abort`
 */
export async function invoke(
  call: (signal: AbortSignal) => unknown,
  { timeout, abort }: CallBounds,
): Promise<void> {
  abort.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const onAbort = () => controller.abort(abort.reason);
  abort.addEventListener('abort', onAbort);
  const timer =
    timeout > 0
      ? setTimeout(() => {
          controller.abort(new HandlerTimeoutError(`The handler took longer than ${timeout} ms.`));
        }, timeout)
      : undefined;
  try {
    await Promise.race([rejectionOf(signal), settle(call, signal)]);
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
    abort.removeEventListener('abort', onAbort);
  }
}

async function settle(call: (signal: AbortSignal) => unknown, signal: AbortSignal): Promise<void> {
  const result = await call(signal);
  if (!isObservable(result)) return;
  const bounded = result.pipe(takeUntil(fromEvent(signal, 'abort')));
  await lastValueFrom(bounded, { defaultValue: undefined });
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}
