import { toSafeInteger } from '../../util/safe-integer.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import type { EventTable } from './log-reads.js';
import { quote } from '../tables.js';

/** What finds the first event of a log. */
export interface FirstEventTable extends EventTable {
  readonly seqColumn: string;
}

/**
 * Takes the first numbered event, or shares it, until the end of the transaction.
 *
 * That row keeps retention and consumers apart (G7). Retention takes it before it looks at the offsets, and has it until its delete is
 * committed. Whoever registers a consumer, or moves one, shares it from before it looks whether the events are still there until the
 * offset is committed. So one of them comes second: retention, which then sees the offset; or the consumer, which then sees that the
 * events are gone. Nothing is numbered before the first event, so both mean the same row. Offsets are not locked: those that go on
 * by themselves only go up, and nobody waits.
 *
 * @param lock `dialect.forUpdate` or `dialect.forShare`
 * @returns its seq; null when there is none
 */
export async function lockFirst(
  connection: SqlConnection,
  dialect: Dialect,
  { sql, seqIndex, seqColumn }: FirstEventTable,
  lock: string,
): Promise<number | null> {
  const seq = quote(seqColumn);
  const [row] = await connection.rows(
    `SELECT ${seq} AS \`seq\` FROM ${sql.events}${dialect.forceIndex(seqIndex)} WHERE ${seq} > 0 ORDER BY ${seq} LIMIT 1${lock}`,
  );
  return row ? toSafeInteger(row.seq, 'seq') : null;
}

/**
 * Keeps retention from deleting anything until the end of the transaction; see `lockFirst`.
 * @returns the first seq that the log has, or will have
 */
export async function holdRetention(
  connection: SqlConnection,
  dialect: Dialect,
  table: FirstEventTable,
): Promise<number> {
  const first = await lockFirst(connection, dialect, table, dialect.forShare);
  if (first !== null) return first;
  // Nothing to lock. But without the state row nothing is numbered, and what has no number is not deleted.
  const [row] = await connection.rows(
    `SELECT \`last_seq\` FROM ${table.sql.state} WHERE \`name\` = ?${dialect.forShare}`,
    [table.log],
  );
  const next = toSafeInteger(row?.last_seq ?? 0, 'last_seq') + 1;
  // Numbered since the first look.
  return (await lockFirst(connection, dialect, table, dialect.forShare)) ?? next;
}
