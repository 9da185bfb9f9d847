import { integerOption, refuseUnknownOptions } from './checks.js';
import { EventxOptionsError } from './errors.js';

/** How long to wait between tries: exponential, with jitter. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in ms. @default 100 */
  readonly initial?: number;
  /** Upper bound of every wait, in ms. @default 5000 */
  readonly max?: number;
}

export type Backoff = Required<BackoffOptions>;

/** @throws EventxOptionsError */
export function resolveBackoff(name: string, options: BackoffOptions = {}): Backoff {
  refuseUnknownOptions(name, options, ['initial', 'max']);
  const initial = integerOption(`${name}.initial`, options.initial, 100);
  const max = integerOption(`${name}.max`, options.max, Math.max(5000, initial));
  if (max < initial) {
    throw new EventxOptionsError(
      `Option "${name}.max" (${max}) must not be smaller than "${name}.initial" (${initial}).`,
    );
  }
  return { initial, max };
}

/**
 * The wait before try number `attempt + 1`, in ms: between half of the exponential bound and the whole of it, so that rivals
 * which failed together do not come back together.
 * @param attempt how many tries have failed, from 1
 * @param random a number in [0, 1)
 */
export function backoffDelay(attempt: number, { initial, max }: Backoff, random: number): number {
  const bound = Math.min(max, initial * 2 ** Math.min(attempt - 1, 30));
  return Math.round(bound * (0.5 + random / 2));
}
