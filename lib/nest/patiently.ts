import { type Backoff, backoffDelay } from '../core/backoff.js';
import { systemClock } from '../core/clock.js';
import { EventxError, StorageTimeoutError } from '../core/errors.js';
import { describeError, type EventxLogger } from '../core/logger.js';
import { pause } from '../core/pause.js';

const WAITS: Backoff = { initial: 200, max: 5000 };

/**
 * Does something at startup again and again while the database does not answer, for a limited time. What this library finds wrong
 * (an option, the schema, the server) does not mend itself and is thrown at once.
 * @throws StorageTimeoutError when the time is up, with the last error as its cause
 */
export async function patiently<T>(
  limitMs: number,
  logger: EventxLogger,
  work: () => Promise<T>,
): Promise<T> {
  const end = systemClock.now() + limitMs;
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      const final = error instanceof EventxError && !(error instanceof StorageTimeoutError);
      const delay = backoffDelay(failures, WAITS, Math.random());
      if (final) throw error;
      if (systemClock.now() + delay > end) {
        throw new StorageTimeoutError(
          `The log could not be opened within ${limitMs} ms (option startupTimeout), in ${failures} tries. Is the database up, and ` +
            `does it let this user in? The last error: ${describeError(error)}`,
          { cause: error },
        );
      }
      logger.warn(`The log cannot be opened yet, next try in ${delay} ms: ${describeError(error)}`);
      await pause(delay, systemClock, new AbortController().signal);
    }
  }
}
