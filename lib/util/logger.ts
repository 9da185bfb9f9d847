import { withoutValue } from './driver-message.js';

/** What the flows report to. Nest's `Logger` fits; so does `console`. */
export interface EventxLogger {
  debug?(message: string): void;
  log(message: string): void;
  warn(message: string): void;
  error(message: string, stack?: string): void;
}

/** Most characters of an error that are logged and stored; some messages quote whole documents. */
const LONGEST = 4000;

/**
 * What was thrown, in one line, with its code when it has one. Only the message: drivers hang statements and parameters, payloads
 * among them, on their errors. Never throws, whatever was thrown.
 */
export function describeError(error: unknown): string {
  return oneLine(textOf(error));
}

function textOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { code, errno, errors } = error as { code?: unknown; errno?: unknown; errors?: unknown };
    const message = withoutValue(error.message, errno);
    // One for each address that was tried; together they have no message of their own.
    if (message === '' && Array.isArray(errors)) return errors.map(textOf).join(', ');
    return typeof code === 'string' && !message.includes(code) ? `${code}: ${message}` : message;
  } catch {
    return 'something was thrown that has no text';
  }
}

/** Else what is in a message could pass for lines of the log, or move the cursor of who reads it. */
function oneLine(text: string): string {
  return text
    .slice(0, LONGEST)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}
