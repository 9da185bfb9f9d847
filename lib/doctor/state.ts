import { toSafeInteger } from '../util/safe-integer.js';
import type { SchemaTarget } from '../typeorm/schema/versions.js';
import type { SqlConnection } from '../typeorm/connections/sql-connection.js';
import { quote } from '../typeorm/tables.js';
import type { Finding } from './finding.js';

/** How far a log goes, seen in one snapshot. */
export interface Extent {
  /** What the state row says; null when there is none. */
  readonly lastSeq: number | null;
  /** The smallest and the largest number in the table; null when it has none. */
  readonly minSeq: number | null;
  readonly maxSeq: number | null;
}

export async function readExtent(
  connection: SqlConnection,
  { log, sql, seqColumn }: SchemaTarget,
): Promise<Extent> {
  const seq = quote(seqColumn);
  const { events } = sql;
  const [row] = await connection.rows(
    `SELECT (SELECT \`last_seq\` FROM ${sql.state} WHERE \`name\` = ?) AS \`lastSeq\`, ` +
      `(SELECT MIN(${seq}) FROM ${events}) AS \`minSeq\`, (SELECT MAX(${seq}) FROM ${events}) AS \`maxSeq\``,
    [log],
  );
  const integer = (value: unknown) => (value == null ? null : toSafeInteger(value, 'seq'));
  return {
    lastSeq: integer(row?.lastSeq),
    minSeq: integer(row?.minSeq),
    maxSeq: integer(row?.maxSeq),
  };
}

/** The state row and the table do not contradict each other: no number can be given twice. */
export function contradictions(
  { lastSeq, maxSeq }: Extent,
  { dialect, tables, log }: SchemaTarget,
): Finding[] {
  if (lastSeq === null) {
    return [
      {
        check: 'state-row',
        severity: 'error',
        message:
          `Table "${tables.state}" has no row for the log "${log}": it was deleted. Numbers could be given twice, so ` +
          'nothing is sequenced.',
        fix:
          `Insert it with last_seq at least as high as any number ever given, those in ${tables.offsets} included: ` +
          `INSERT INTO ${tables.state} (name, last_seq, epoch) VALUES ('${log}', ${maxSeq ?? 0}, ${dialect.newEpoch})`,
      },
    ];
  }
  if (maxSeq === null || maxSeq <= lastSeq) return [];
  return [
    {
      check: 'state-behind',
      severity: 'error',
      message:
        `Table "${tables.state}" says that the log "${log}" ends at ${lastSeq}, but it holds event ${maxSeq}: one of ` +
        'the two was restored without the other. Decide which is right.',
      fix: `To keep the events: UPDATE ${tables.state} SET last_seq = ${maxSeq} WHERE name = '${log}'`,
    },
  ];
}
