import { fromEvent, isObservable, lastValueFrom, takeUntil } from 'rxjs';

import { HandlerTimeoutError } from '../../errors.js';
import { isThenable } from '../../util/thenable.js';

/** How one call of a handler is bounded. */
export interface CallBounds {
  /** In ms; 0 is none. */
  readonly timeout: number;
  /** Ends the wait for the handler, with the signal's reason. */
  readonly abort: AbortSignal;
}

/** One call, which may be ended before its handler is done. */
export class HandlerCall {
  private controller: AbortController | undefined;
  private end: { readonly reason: Error } | undefined;
  private reject: ((reason: Error) => void) | undefined;

  /** Made when somebody asks for it: that costs more than many a handler does. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.end) this.controller.abort(this.end.reason);
    }
    return this.controller.signal;
  }

  /** Aborts the signal and ends the wait. */
  abort(reason: Error): void {
    this.end = { reason };
    this.controller?.abort(reason);
    this.reject?.(reason);
  }

  /** @returns what rejects as soon as the call is broken off */
  aborted(): Promise<never> {
    return new Promise((_, reject) => {
      this.reject = reject;
      if (this.end) reject(this.end.reason);
    });
  }
}

/**
 * Calls a handler and waits for its value, promise or Observable. A handler that outlives its bounds is not waited for any longer:
 * its signal is aborted, its Observable is unsubscribed, and its late result is nobody's business.
 * @throws what the handler throws, HandlerTimeoutError, or the reason of `abort`
 */
export async function invoke(
  handler: (call: HandlerCall) => unknown,
  { timeout, abort }: CallBounds,
): Promise<void> {
  abort.throwIfAborted();
  const call = new HandlerCall();
  const timer =
    timeout > 0
      ? setTimeout(() => {
          call.abort(new HandlerTimeoutError(`The handler took longer than ${timeout} ms.`));
        }, timeout)
      : undefined;
  try {
    const answer = handler(call);
    if (isLater(answer)) await until(settled(answer, call), call, abort);
  } finally {
    clearTimeout(timer);
  }
  abort.throwIfAborted();
}

/** Waits for `work` unless the call is broken off, by its time limit or by `abort`. */
async function until(work: Promise<void>, call: HandlerCall, abort: AbortSignal): Promise<void> {
  const onAbort = () => call.abort(abort.reason as Error);
  // The handler itself may have caused it.
  if (abort.aborted) onAbort();
  abort.addEventListener('abort', onAbort);
  try {
    await Promise.race([call.aborted(), work]);
  } finally {
    abort.removeEventListener('abort', onAbort);
  }
}

function isLater(answer: unknown): boolean {
  return isThenable(answer) || isObservable(answer);
}

async function settled(answer: unknown, call: HandlerCall): Promise<void> {
  const result = await answer;
  if (!isObservable(result)) return;
  const bounded = result.pipe(takeUntil(fromEvent(call.signal, 'abort')));
  await lastValueFrom(bounded, { defaultValue: undefined });
}
