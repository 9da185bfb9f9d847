import { toSafeInteger } from '../../util/safe-integer.js';
import type { DeletionTerms } from '../../storage/index.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import { type FirstEventTable, lockFirst } from './first-event.js';

/** As `RetentionStorage.deleteBefore`. */
export function deleteEvents(
  connection: SqlConnection,
  dialect: Dialect,
  table: FirstEventTable,
  before: number,
  limit: number,
  { since, ignoreConsumers = false }: DeletionTerms,
): Promise<number> {
  return connection.transaction(async () => {
    const first = await lockFirst(connection, dialect, table, dialect.forUpdate);
    if (first === null) return 0;
    // Only now: see there.
    const { lastSeq, epoch, needed } = await readNeeds(connection, table);
    if (since && (epoch !== since.logId || lastSeq < since.lastSeq)) return 0;
    const end = ignoreConsumers || needed === null ? before : Math.min(before, needed);
    if (first >= end) return 0;
    return dialect.deleteSmallest(connection, table.sql.events, table.seqColumn, end, limit);
  });
}

interface Needs {
  readonly lastSeq: number;
  readonly epoch: string | null;
  /** The first event that a consumer has yet to handle; null where there is no consumer. */
  readonly needed: number | null;
}

/** All of one moment, in one statement. A consumer that is ahead of a log which moved back has handled events that this log never had. */
async function readNeeds(connection: SqlConnection, { log, sql }: FirstEventTable): Promise<Needs> {
  const [row] = await connection.rows(
    'SELECT s.`last_seq`, s.`epoch`, ' +
      `(SELECT MIN(CASE WHEN o.\`seq\` > s.\`last_seq\` THEN 0 ELSE o.\`seq\` END) FROM ${sql.offsets} o ` +
      'WHERE o.`log` = s.`name`) AS `lowest` ' +
      `FROM ${sql.state} s WHERE s.\`name\` = ?`,
    [log],
  );
  // Without its state row the log is not there.
  if (!row) return { lastSeq: 0, epoch: null, needed: 0 };
  return {
    lastSeq: toSafeInteger(row.last_seq, 'last_seq'),
    epoch: row.epoch as string,
    needed: row.lowest == null ? null : toSafeInteger(row.lowest, 'seq') + 1,
  };
}
