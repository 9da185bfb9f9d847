import { EventxOptionsError } from './errors.js';

/** Bounds of a numeric option, both inclusive. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** An integer option or its default. @throws EventxOptionsError when it is no integer or out of bounds. */
export function integerOption(
  name: string,
  value: number | undefined,
  fallback: number,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: Bounds = {},
): number {
  const result = value ?? fallback;
  if (!Number.isSafeInteger(result) || result < min || result > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new EventxOptionsError(
      `Option "${name}" must be a whole number ${range}, but is ${String(value)}. The default is ${fallback}.`,
    );
  }
  return result;
}

/** Refuses options that do not exist: a misspelt option is a setting that silently does nothing. */
export function refuseUnknownOptions(
  where: string,
  options: object,
  known: readonly string[],
): void {
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new EventxOptionsError(
      `${where}: unknown option ${unknown.map((key) => `"${key}"`).join(', ')}. Known options: ${known.join(', ')}.`,
    );
  }
}
