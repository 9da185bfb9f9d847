import { QueryFailedError } from 'typeorm';

import type { Row } from '../../connections/sql-connection.js';

/** Access denied: to the database, to the server, to a table, to a column, for want of a privilege. */
const DENIED: readonly unknown[] = [1044, 1045, 1142, 1143, 1227];

/** Whether the user of the connection may not do what failed. */
export function isDenied(error: unknown): boolean {
  const { errno } = (error instanceof QueryFailedError ? error.driverError : error) as {
    errno?: unknown;
  };
  return DENIED.includes(errno);
}

/** The statement that gives the user of a connection a privilege. */
export async function grantOf(
  privilege: string,
  connection: { rows(sql: string): Promise<readonly Row[]> },
): Promise<string> {
  const [row] = await connection.rows('SELECT CURRENT_USER() AS `user`');
  const account = String(row?.user).replace(/^(.*)@(.*)$/, "'$1'@'$2'");
  return `GRANT ${privilege} ON *.* TO ${account}`;
}
