import { LogCorruptError } from '../errors.js';

/**
 * A database integer as a number. Drivers give bigints as numbers, strings or bigints, as they are configured; a value past
 * `Number.MAX_SAFE_INTEGER` is an error, never rounded.
 * @throws LogCorruptError
 */
export function toSafeInteger(value: unknown, what: string): number {
  const result = typeof value === 'number' ? value : Number(value);
  if (value === null || value === '' || !Number.isSafeInteger(result)) {
    throw new LogCorruptError(
      `${what} is ${String(value)}, which is not an integer that JavaScript can hold exactly ` +
        `(the limit is ${Number.MAX_SAFE_INTEGER}).`,
    );
  }
  return result;
}
