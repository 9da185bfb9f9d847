import { QueryFailedError } from 'typeorm';

import { describeError } from '../../core/logger.js';
import type { Check, Examination } from './examination.js';
import type { Finding } from './finding.js';

/** Access denied: to the database, to the server, to a table, to a column, for want of a privilege. */
const DENIED: readonly unknown[] = [1044, 1045, 1142, 1143, 1227];

/** What a check that could not be made means: little where the user may not look, something where the statement failed. */
export async function failedCheck(
  { name: check, privilege }: Check,
  examination: Examination,
  error: unknown,
): Promise<Finding> {
  const message = `This could not be examined: ${describeError(error)}.`;
  if (!isDenied(error)) {
    return {
      check,
      severity: 'error',
      message,
      fix: 'Mend what the error says, and examine again',
    };
  }
  const { user } = await examination.row('SELECT CURRENT_USER() AS `user`');
  const account = String(user).replace(/^(.*)@(.*)$/, "'$1'@'$2'");
  return {
    check,
    severity: 'info',
    message,
    fix: `To have it examined: GRANT ${privilege ?? 'SELECT'} ON *.* TO ${account}`,
  };
}

/** Whether the database has refused the statement, rather than not answered it. */
export function isSqlError(error: unknown): boolean {
  return (
    error instanceof QueryFailedError ||
    (error as { sqlState?: unknown } | null)?.sqlState !== undefined
  );
}

function isDenied(error: unknown): boolean {
  const { errno } = (error instanceof QueryFailedError ? error.driverError : error) as {
    errno?: unknown;
  };
  return DENIED.includes(errno);
}
