import { type Backoff, backoffDelay } from '../util/backoff.js';
import { systemClock } from '../util/clock.js';
import { StorageTimeoutError } from '../errors.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import { pause } from '../util/pause.js';
import { canPass } from '../typeorm/dialects/mysql/passing-errors.js';

const WAITS: Backoff = { initial: 200, max: 5000 };

/**
 * Does something at startup again and again while the database does not answer, for a limited time. What does not mend itself (an
 * option, the schema, the server, a mistake in a program) is thrown at once.
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
      if (!canPass(error)) throw error;
      const delay = backoffDelay(failures, WAITS, Math.random());
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
