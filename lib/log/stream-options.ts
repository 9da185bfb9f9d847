import {
  type MonoTypeOperatorFunction,
  pipe,
  retry,
  type RetryConfig,
  throwError,
  timer,
} from 'rxjs';

import { refuseUnknownOptions } from '../util/checks.js';
import { EventNotFoundError, LogTruncatedError } from '../errors.js';
import type { SubscriberOptions } from './subscriber-options.js';

/** Options of an Observable of events. */
export interface StreamOptions extends SubscriberOptions {
  /**
   * What to do when a read or the handler fails: how often to try again (RxJS' `RetryConfig`: `count`, `delay` in ms or as a function,
   * 1000 ms by default, `resetOnSuccess`), or just the number of times. Each subscription then goes on at its own place, with the event that failed. A
   * place that the log does not have any more is not tried again. @default no retry
   */
  readonly retry?: number | RetryConfig;
}

/** Never at once: a handler that fails without a wait would keep the whole process from anything else. */
const RETRY_DELAY_MS = 1000;

/**
 * Applies the option `retry` to what keeps its place when it is subscribed to again.
 * @throws EventxOptionsError
 */
export function retrying<R>(config: StreamOptions['retry'] = 0): MonoTypeOperatorFunction<R> {
  if (typeof config === 'number') return config === 0 ? pipe() : retrying({ count: config });
  refuseUnknownOptions('Option "retry"', config, ['count', 'delay', 'resetOnSuccess']);
  const { delay = RETRY_DELAY_MS } = config;
  return retry({
    ...config,
    delay: (error: unknown, count) => {
      if (isForGood(error)) return throwError(() => error);
      if (typeof delay === 'function') return delay(error, count);
      return timer(delay);
    },
  });
}

/** Another try would meet the same, for ever. */
function isForGood(error: unknown): boolean {
  return error instanceof EventNotFoundError || error instanceof LogTruncatedError;
}
