import { StartupError } from './startup.error.js';

/** A whole number as people give it. @param name of what is given @throws StartupError */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw new StartupError(
      `${name} must be a whole number from ${min} to ${max}, but is "${text}".`,
    );
  }
  return value;
}
