/** ER_CHECKREAD and ER_LOCK_DEADLOCK: the server has rolled the whole transaction back, not only the statement. */
const ENDED: readonly unknown[] = [1020, 1213];
/** ER_LOCK_WAIT_TIMEOUT: it may have, as `innodb_rollback_on_timeout` says. */
const LOCK_WAIT_TIMEOUT = 1205;

/** Whether after this error of MySQL or MariaDB a transaction is over for certain. SQLite's connections see to that themselves. */
export function endsTransaction(error: unknown): boolean {
  return ENDED.includes(errno(error));
}

/** Whether after this error a transaction may be over. */
export function mayEndTransaction(error: unknown): boolean {
  return endsTransaction(error) || errno(error) === LOCK_WAIT_TIMEOUT;
}

function errno(error: unknown): unknown {
  return (error as { errno?: unknown } | null)?.errno;
}
