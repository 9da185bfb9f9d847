import { integerOption, optionName, type OptionOwner, refuseUnknownOptions } from './checks.js';
import { EventxOptionsError } from '../errors.js';

/** How long to wait between tries: exponential, with jitter. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in ms. @default 100 */
  readonly initial?: number;
  /** Upper bound of every wait, in ms. @default 5000 */
  readonly max?: number;
}

export type Backoff = Required<BackoffOptions>;

const DEFAULTS: Backoff = { initial: 100, max: 5000 };

/**
 * Fills and checks. What is not given never contradicts what is: a long first wait raises the default maximum, a small maximum lowers
 * the default first wait.
 * @throws EventxOptionsError
 */
export function resolveBackoff(
  name: string,
  options: BackoffOptions = {},
  defaults: Backoff = DEFAULTS,
  owner: OptionOwner = {},
): Backoff {
  const { where } = owner;
  refuseUnknownOptions(where ? `${where}, ${name}` : name, options, ['initial', 'max']);
  const most =
    options.max == null ? null : integerOption(`${name}.max`, options.max, defaults.max, owner);
  const first = Math.min(defaults.initial, most ?? Infinity);
  const initial = integerOption(`${name}.initial`, options.initial, first, owner);
  const max = most ?? Math.max(defaults.max, initial);
  if (max < initial) {
    throw new EventxOptionsError(
      `${optionName(`${name}.max`, where)} (${max}) must not be smaller than "${name}.initial" (${initial}).`,
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
