import { EventxOptionsError } from '../errors.js';

/** Whose option it is, for the message; the application's, when it is left out. */
export interface OptionOwner {
  readonly where?: string;
}

/** Bounds of a numeric option, both inclusive. */
export interface Bounds extends OptionOwner {
  readonly min?: number;
  readonly max?: number;
}

/** How messages begin that are about an option. */
export function optionName(name: string, where?: string): string {
  return where === undefined ? `Option "${name}"` : `${where}: option "${name}"`;
}

/** An integer option or its default. @throws EventxOptionsError when it is no integer or out of bounds. */
export function integerOption(
  name: string,
  value: number | undefined,
  fallback: number,
  { min = 1, max = Number.MAX_SAFE_INTEGER, where }: Bounds = {},
): number {
  const result = value ?? fallback;
  if (!Number.isSafeInteger(result) || result < min || result > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new EventxOptionsError(
      `${optionName(name, where)} must be a whole number ${range}, but is ${shown(value)}. The default is ${fallback}.`,
    );
  }
  return result;
}

/** An option that is on or off, or its default. @throws EventxOptionsError for anything else: the text 'false' would be on */
export function booleanOption(
  name: string,
  value: boolean | undefined,
  fallback: boolean,
  { where }: OptionOwner = {},
): boolean {
  const result = value ?? fallback;
  if (typeof result === 'boolean') return result;
  throw new EventxOptionsError(
    `${optionName(name, where)} must be true or false, but is ${shown(value)}. The default is ${fallback}.`,
  );
}

/**
 * Refuses options that do not exist: a misspelt option is a setting that silently does nothing. So is anything but an object.
 * @throws EventxOptionsError
 */
export function refuseUnknownOptions(
  where: string,
  options: object,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new EventxOptionsError(
      `${where}: must be an object with some of ${known.join(', ')}, but is ${shown(options)}.`,
    );
  }
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new EventxOptionsError(
      `${where}: unknown option ${unknown.map((key) => `"${key}"`).join(', ')}. Known options: ${known.join(', ')}.`,
    );
  }
}

/** A value as code would say it, so that the text '4' does not look like a number. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
