import type { Dialect } from './dialect.js';
import { mysqlFamily } from './mysql-family.js';
import { numberInTransaction } from './transaction.js';

/** How long a process may fall silent between two statements of the numbering, with the lock of the state row in its hands. */
const SILENCE_S = 2;

/** MySQL 8 and later. */
export const mysql: Dialect = {
  ...mysqlFamily,
  name: 'mysql',

  async number(connection, numbering) {
    await mysqlFamily.limitSilence(connection, SILENCE_S);
    // READ COMMITTED: under REPEATABLE READ the range update makes every inserting producer wait.
    const numbered = await numberInTransaction(connection, numbering, 'READ COMMITTED');
    // Not after an error: then the connection is given up.
    await mysqlFamily.allowSilence(connection);
    return numbered;
  },
};
