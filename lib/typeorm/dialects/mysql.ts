import type { Dialect } from './dialect.js';
import { mysqlFamily } from './mysql-family.js';
import { numberInTransaction } from './number-in-transaction.js';

/** MySQL 8 and later. */
export const mysql: Dialect = {
  ...mysqlFamily,
  name: 'mysql',
  number: numberInTransaction,
};
