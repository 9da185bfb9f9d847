import { describeError } from '../util/logger.js';
import type { Statement } from '../typeorm/connections/sql-connection.js';
import { isSqlError } from './failed-check.js';
import { logReads } from '../typeorm/stores/log-reads.js';
import type { Check, Examination } from './examination.js';
import type { Finding } from './finding.js';

/** The two reads that run all day go straight to their rows, however large the table is. */
export const plans: Check = {
  name: 'query-plan',

  async examine(examination) {
    const { target, mapping, table } = examination.log;
    const reads = logReads(target.dialect, mapping, table);
    return [
      ...(await planOf(examination, 'events without a number', {
        sql: reads.pending,
        parameters: [256],
      })),
      ...(await planOf(examination, 'events from a number on', {
        sql: reads.from,
        parameters: [Number.MAX_SAFE_INTEGER, 256],
      })),
    ];
  },
};

async function planOf(
  examination: Examination,
  what: string,
  select: Statement,
): Promise<Finding[]> {
  const { target, table } = examination.log;
  const { dialect, tables, seqColumn, eventsDatabase } = target;
  const plan = await examination
    .connected((connection) => dialect.plan(connection, select))
    .catch((error: unknown) => {
      if (!isSqlError(error)) throw error;
      return { index: null, seeks: false, text: describeError(error) };
    });
  if (plan.seeks && plan.index === table.seqIndex) return [];
  const seqIndex = await examination.connected((connection) =>
    dialect.uniqueIndex(connection, tables.events, seqColumn, eventsDatabase),
  );
  return [
    {
      check: 'query-plan',
      severity: 'error',
      message:
        `The read of ${what} in "${tables.events}" does not go straight to its rows by the index "${table.seqIndex}", which this ` +
        `process found at its start: it fails, or gets slower with every event (${plan.text}).`,
      fix:
        seqIndex === null || seqIndex === table.seqIndex
          ? `Make the index as it was, over ${seqColumn} alone, in use and of an integer column: ` +
            `CREATE UNIQUE INDEX ${table.seqIndex} ON ${tables.events} (${seqColumn})`
          : `The index is called "${seqIndex}" now: restart the processes, or ` +
            `CREATE UNIQUE INDEX ${table.seqIndex} ON ${tables.events} (${seqColumn})`,
    },
  ];
}
