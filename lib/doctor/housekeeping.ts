import { describeTransaction } from '../typeorm/dialects/mysql/open-transactions.js';
import type { Check, Examination } from './examination.js';

/** InnoDB keeps up with cleaning behind its transactions. For MySQL and MariaDB. */
export const historyLength: Check = {
  name: 'history-length',
  privilege: 'PROCESS',

  async examine(examination) {
    const length = await readHistoryLength(examination);
    if (length <= examination.limits.historyLength) return [];
    return [
      {
        check: 'history-length',
        severity: 'warning',
        message:
          `InnoDB has ${length} transactions yet to clean up after (history list length). Every event that got its number leaves an ` +
          'entry in the index on the numbers until then, which the search for the next has to pass: numbering gets slower.',
        fix:
          'End the transactions that have been open for long, which hold the clean-up back; where there are none, raise ' +
          'innodb_purge_threads, or write less',
      },
    ];
  },
};

async function readHistoryLength(examination: Examination): Promise<number> {
  // MariaDB tells everybody.
  const status = await examination.row("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'");
  if (status.Value !== undefined) return Number(status.Value);
  const metric = await examination.row(
    "SELECT `COUNT` AS `length` FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'",
  );
  return Number(metric.length ?? 0);
}

/** No transaction stays open for long, in whichever database of the server. For MySQL and MariaDB. */
export const openTransactions: Check = {
  name: 'open-transaction',
  privilege: 'PROCESS',

  async examine(examination) {
    const { dialect } = examination.log.target;
    const open = await examination.connected((connection) =>
      dialect.openTransactions(connection, examination.limits.openTransaction),
    );
    const [oldest] = open;
    if (!oldest) return [];
    return [
      {
        check: 'open-transaction',
        severity: 'warning',
        message:
          `A transaction has been open for ${oldest.seconds} s: ${describeTransaction(oldest)}` +
          `${open.length > 1 ? `; ${open.length - 1} more have been for long` : ''}. What it published stays out of the log until it ` +
          'commits, and it holds back InnoDB’s clean-up, which makes numbering slower.',
        fix: `See what it is: SHOW PROCESSLIST; and end it, where it is not to be: KILL ${oldest.session}`,
      },
    ];
  },
};
