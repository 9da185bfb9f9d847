import { toSafeInteger } from '../../util/safe-integer.js';
import type { ConsumerRecord, Position, StuckHandler } from '../../storage/index.js';
import type { Dialect, Statement } from '../dialects/index.js';
import type { Row } from '../connections/sql-connection.js';
import type { FirstEventTable } from './first-event.js';
import { quote } from '../tables.js';

/** What the store needs to know of the log beside its tables' names. */
export interface ConsumerTables extends FirstEventTable {
  /** Null where events have no time. */
  readonly createdAtColumn: string | null;
}

/** In the column `wanted_by`: the consumer keeps its offset itself. No process has such a name, and nobody asks for it then. */
export const KEPT_ELSEWHERE = '(elsewhere)';

/** Reads how consumers stand; all of the log when none are named. */
export function selectRecords(
  { log, sql, seqColumn, createdAtColumn }: ConsumerTables,
  dialect: Dialect,
  consumers?: readonly string[],
): Statement {
  const { nowMs } = dialect;
  const next = createdAtColumn
    ? `(SELECT ${nowMs} - ${dialect.epochMs(`e.${quote(createdAtColumn)}`)} FROM ${sql.events} e ` +
      `WHERE e.${quote(seqColumn)} = o.\`seq\` + 1)`
    : 'NULL';
  const named = consumers ? `AND o.\`consumer\` IN (${consumers.map(() => '?').join(', ')}) ` : '';
  return {
    sql:
      `SELECT o.*, CASE WHEN o.\`lease_until\` > ${nowMs} THEN o.\`owner\` END AS \`live_owner\`, ` +
      `s.\`last_seq\` AS \`last_seq\`, ${next} AS \`lag_ms\` ` +
      `FROM ${sql.offsets} o LEFT JOIN ${sql.state} s ON s.\`name\` = o.\`log\` ` +
      `WHERE o.\`log\` = ? ${named}ORDER BY o.\`consumer\``,
    parameters: [log, ...(consumers ?? [])],
  };
}

/** One row of `selectRecords`. */
export function toRecord(row: Row, { createdAtColumn }: ConsumerTables): ConsumerRecord {
  const position = toPosition(row);
  const lagEvents = Math.max(0, toSafeInteger(row.last_seq ?? 0, 'last_seq') - position.offset);
  return {
    consumer: row.consumer as string,
    ...position,
    fencingToken: toSafeInteger(row.epoch, 'epoch'),
    owner: row.live_owner as string | null,
    lastOwner: row.owner as string | null,
    wantedBy: row.wanted_by as string | null,
    paused: Number(row.paused) === 1,
    halted: Number(row.halted) === 1,
    lastError: row.last_error as string | null,
    failingSince: row.last_error === null ? null : toDate(row.failing_since),
    stuck: toStuck(row),
    keptElsewhere: row.wanted_by === KEPT_ELSEWHERE,
    lagEvents,
    lagMs: createdAtColumn === null ? null : Math.max(0, Number(row.lag_ms ?? 0)),
  };
}

/** Of a process that is gone nothing is stuck any more. */
function toStuck(row: Row): StuckHandler | null {
  const since = toDate(row.stuck_since);
  return row.live_owner === null || since === null ? null : { since, at: String(row.stuck_at) };
}

function toDate(ms: unknown): Date | null {
  return ms == null ? null : new Date(Number(ms));
}

export function toPosition(row: Row): Position {
  return { offset: toSafeInteger(row.seq, 'seq'), uuid: row.uuid as string | null };
}
