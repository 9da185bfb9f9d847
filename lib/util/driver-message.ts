/**
 * Errors of MySQL and MariaDB whose messages quote values of the statement: a duplicate key, a syntax error, and values that do not
 * fit their column or their function.
 */
const QUOTING: readonly unknown[] = [1062, 1064, 1292, 1300, 1366, 1411, 1525, 1586, 1690];

/** The value, from the first quote to the last; what stands behind it (the key, the column, the line) stays. */
const VALUE = /'.*'(?= (?:for (?:key|column|function)|at line) )|'.*'/s;

/** A message without the value that a driver quotes in it: it may come out of a payload, and messages are logged and stored. */
export function withoutValue(message: string, errno: unknown): string {
  return QUOTING.includes(errno) ? message.replace(VALUE, "'…'") : message;
}
