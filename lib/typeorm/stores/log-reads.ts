import type { Dialect } from '../dialects/index.js';
import type { EventMapping } from '../mapping/event-mapping.js';
import { type LogTables, quote } from '../tables.js';

/** What a storage needs to know of its tables, as the schema check found them. */
export interface EventTable extends LogTables {
  /** Name of the unique index on the seq column. */
  readonly seqIndex: string;
}

/** What of a mapping the reads depend on. */
export type ReadMapping = Pick<EventMapping<never, never>, 'id' | 'seq' | 'selection'>;

/** Every read of a log, in SQL. */
export type LogReads = Readonly<Record<'state' | 'pending' | 'from' | 'last' | 'min', string>>;

/**
 * The reads of a log. Those of the events force the unique index on the seq column: left to itself the optimizer scans the table, or
 * sorts the backlog.
 */
export function logReads(
  dialect: Dialect,
  mapping: ReadMapping,
  { sql, seqIndex }: EventTable,
): LogReads {
  const seq = quote(mapping.seq);
  const select = `SELECT ${mapping.selection(dialect)} FROM ${sql.events}${dialect.forceIndex(seqIndex)}`;
  return {
    state: `SELECT \`last_seq\` AS \`lastSeq\`, \`epoch\` FROM ${sql.state} WHERE \`name\` = ?`,
    pending: `${select} WHERE ${seq} IS NULL ${dialect.pendingOrder(mapping.id)} LIMIT ?`,
    from: `${select} WHERE ${seq} >= ? ORDER BY ${seq} LIMIT ?`,
    last: `${select} WHERE ${seq} IS NOT NULL ORDER BY ${seq} DESC LIMIT ?`,
    min: `SELECT MIN(${seq}) AS \`seq\` FROM ${sql.events}`,
  };
}
