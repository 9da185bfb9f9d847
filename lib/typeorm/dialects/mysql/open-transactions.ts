import type { SqlConnection } from '../../connections/sql-connection.js';
import type { OpenTransaction } from '../dialect.js';

/**
 * The transactions of a MySQL or MariaDB server. Takes the privilege PROCESS. What they run is left out: it can hold data.
 *
 * @param startZone the time now, as the server gives times of transactions
 * @param nowMs the time now, in ms since 1970
 */
export function openTransactionsAt(startZone: string, nowMs: string) {
  return async (
    connection: SqlConnection,
    openForMs: number,
  ): Promise<readonly OpenTransaction[]> => {
    const found = await connection.rows(
      `SELECT trx_mysql_thread_id AS \`session\`, user AS \`user\`, host AS \`host\`, trx_rows_modified AS \`rows_modified\`, ` +
        `TIMESTAMPDIFF(SECOND, trx_started, ${startZone}) AS \`seconds\`, ${nowMs} AS \`now\` ` +
        'FROM information_schema.INNODB_TRX LEFT JOIN information_schema.PROCESSLIST ON id = trx_mysql_thread_id ' +
        `WHERE trx_started < ${startZone} - INTERVAL ? SECOND ORDER BY trx_started`,
      [openForMs / 1000],
    );
    return found.map((row) => ({
      session: Number(row.session),
      account: row.user == null ? null : `'${row.user as string}'@'${row.host as string}'`,
      since: new Date(Number(row.now) - Number(row.seconds) * 1000),
      seconds: Number(row.seconds),
      rowsModified: Number(row.rows_modified),
    }));
  };
}

/** An open transaction in words, without a full stop: whose it is, since when it is open and what it wrote. */
export function describeTransaction({
  session,
  account,
  since,
  rowsModified,
}: OpenTransaction): string {
  const whose = account === null ? 'a user who is not known' : account;
  const rows = rowsModified === 1 ? '1 row' : `${rowsModified} rows`;
  return `session ${session} of ${whose}, open since ${since.toISOString()}, ${rows} modified`;
}
