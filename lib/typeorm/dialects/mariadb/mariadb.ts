import type { Dialect } from '../dialect.js';
import { mysqlFamily } from '../mysql/mysql-family.js';
import { openTransactionsAt } from '../mysql/open-transactions.js';

/**
 * MariaDB runs a whole transaction as one statement (`BEGIN NOT ATOMIC`), so numbering a batch takes a single round trip. That is a
 * sixth faster than the several of MySQL, and, what matters more, a process that dies or hangs half-way can never sit on the lock of
 * the state row: once the server has the statement, it finishes it.
 */
export const mariadb: Dialect = {
  ...mysqlFamily,
  name: 'mariadb',
  // Times of transactions are in the zone of the session.
  openTransactions: openTransactionsAt('NOW()', mysqlFamily.nowMs),

  async number(connection, { advance, updates, count }) {
    const block = `BEGIN NOT ATOMIC
DECLARE numbered INT DEFAULT 0;
DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
START TRANSACTION;
${advance.sql};
IF ROW_COUNT() = 1 THEN
${updates.map(({ sql }) => `${sql};\nSET numbered = numbered + ROW_COUNT();`).join('\n')}
END IF;
IF numbered = ? THEN COMMIT; ELSE ROLLBACK; END IF;
SELECT numbered;
END`;
    const parameters = [advance, ...updates].flatMap((statement) => statement.parameters);
    const [[result]] = (await connection.rows(block, [...parameters, count])) as unknown as [
      [{ numbered: number }],
    ];
    return result.numbered === count;
  },
};
