import type { Dialect } from '../dialect.js';
import { mysqlFamily } from './mysql-family.js';
import { numberInTransaction } from './number-in-transaction.js';
import { openTransactionsAt } from './open-transactions.js';

/** MySQL 8 and later. */
export const mysql: Dialect = {
  ...mysqlFamily,
  name: 'mysql',
  number: numberInTransaction,
  // Times of transactions are those of the machine.
  openTransactions: openTransactionsAt(
    "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')",
    mysqlFamily.nowMs,
  ),
};
