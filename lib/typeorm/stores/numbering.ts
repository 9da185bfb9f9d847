import type { LogState } from '../../storage/index.js';
import type { Numbering, Statement } from '../dialects/index.js';
import { type IdRun, idRuns } from './id-runs.js';
import { type LogTables, quote } from '../tables.js';

/** Runs of ids per statement: each adds a branch that is tried for every row. */
const RUNS_PER_UPDATE = 32;

/** The columns of `events` that the sequencer touches, and how to reach its rows. */
export interface NumberedTable extends Pick<LogTables, 'log' | 'sql'> {
  /** Column names. */
  readonly id: string;
  readonly seq: string;
  /** Index hint that makes an update find its rows by primary key; other plans lock what they pass. */
  readonly byPrimaryKey: string;
}

/** The statements that give `ids` (ascending) the numbers after `log.lastSeq`. Rows that have a number are never touched. */
export function numbering(table: NumberedTable, log: LogState, ids: readonly number[]): Numbering {
  const runs = idRuns(ids, log.lastSeq + 1);
  const updates: Statement[] = [];
  for (let start = 0; start < runs.length; start += RUNS_PER_UPDATE) {
    updates.push(updateRuns(table, runs.slice(start, start + RUNS_PER_UPDATE)));
  }
  return { advance: advance(table, log, ids.length), updates, count: ids.length };
}

function advance({ sql, log: name }: NumberedTable, log: LogState, count: number): Statement {
  return {
    sql:
      `UPDATE ${sql.state} SET \`last_seq\` = ? ` +
      `WHERE \`name\` = ? AND \`epoch\` = ? AND \`last_seq\` = ?`,
    parameters: [log.lastSeq + count, name, log.logId, log.lastSeq],
  };
}

function updateRuns(table: NumberedTable, runs: readonly IdRun[]): Statement {
  const id = quote(table.id);
  const seq = quote(table.seq);
  const [first] = runs;
  const delta =
    runs.length === 1
      ? { sql: '?', parameters: [first!.delta] }
      : {
          sql: `CASE ${runs.map(() => `WHEN ${id} <= ? THEN ?`).join(' ')} END`,
          parameters: runs.flatMap((run) => [run.high, run.delta]),
        };
  return {
    sql:
      `UPDATE ${table.sql.events}${table.byPrimaryKey} SET ${seq} = ${id} + ${delta.sql} ` +
      `WHERE (${runs.map(() => `${id} BETWEEN ? AND ?`).join(' OR ')}) AND ${seq} IS NULL`,
    parameters: [...delta.parameters, ...runs.flatMap((run) => [run.low, run.high])],
  };
}
