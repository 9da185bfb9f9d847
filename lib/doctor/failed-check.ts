import { QueryFailedError } from 'typeorm';

import { describeError } from '../util/logger.js';
import { grantOf, isDenied } from '../typeorm/dialects/mysql/denied.js';
import type { Check, Examination } from './examination.js';
import type { Finding } from './finding.js';

/** What a check that could not be made means: little where the user may not look, something where the statement failed. */
export async function failedCheck(
  { name: check, privilege }: Check,
  examination: Examination,
  error: unknown,
): Promise<Finding> {
  const message = `This could not be examined: ${asSentence(error)}`;
  if (!isDenied(error)) {
    return {
      check,
      severity: 'error',
      message,
      fix: 'Mend what the error says, and examine again',
    };
  }
  return {
    check,
    severity: 'info',
    message,
    fix: `To have it examined: ${await grantOf(privilege ?? 'SELECT', examination)}`,
  };
}

/** What an error says, with a full stop. */
export function asSentence(error: unknown): string {
  const text = describeError(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Whether the database has refused the statement, rather than not answered it. */
export function isSqlError(error: unknown): boolean {
  return (
    error instanceof QueryFailedError ||
    (error as { sqlState?: unknown } | null)?.sqlState !== undefined
  );
}
