import { EventxOptionsError } from '../errors.js';

/** Where to begin: with what comes from now on, the oldest event the log has, a sequence number, or what was written since a time. */
export type StartFrom = 'latest' | 'earliest' | number | Date;

/** @param where what it is, for the message. @throws EventxOptionsError when nobody can begin there */
export function checkStartFrom(where: string, start: StartFrom): StartFrom {
  if (start === 'latest' || start === 'earliest') return start;
  if (
    start instanceof Date
      ? !Number.isNaN(start.getTime())
      : Number.isSafeInteger(start) && start >= 1
  ) {
    return start;
  }
  throw new EventxOptionsError(
    `${where} must be 'latest', 'earliest', a sequence number of at least 1 or a Date, but is ${String(start)}.`,
  );
}
