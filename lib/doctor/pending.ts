import { quote } from '../typeorm/tables.js';
import type { Check } from './examination.js';

/** Events get their numbers soon after they were published. */
export const pending: Check = {
  name: 'pending',

  async examine(examination) {
    const { target, table, mapping } = examination.log;
    const { dialect, sql, seqColumn } = target;
    // Without a time nobody can tell an event that waits from one that was just committed.
    if (mapping.createdAt === null) return [];
    const { age } = await examination.row(
      `SELECT ${dialect.nowMs} - ${dialect.epochMs(quote(mapping.createdAt))} AS \`age\` ` +
        `FROM ${sql.events}${dialect.forceIndex(table.seqIndex)} ` +
        `WHERE ${quote(seqColumn)} IS NULL ${dialect.pendingOrder(mapping.id)} LIMIT 1`,
    );
    if (age == null || Number(age) <= examination.limits.pending) return [];
    return [
      {
        check: 'pending',
        severity: 'error',
        message:
          `The oldest event without a number was written ${Math.round(Number(age) / 1000)} s ago, and nobody sees it before it has ` +
          'one: no process numbers this log, the one that does fails, or it cannot keep up.',
        fix:
          `Start a process with the option run: true or run: ['sequence']; where one runs, EventxRunner.status.lastError says ` +
          'why it does not',
      },
    ];
  },
};
