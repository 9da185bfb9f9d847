import { toSafeInteger } from '../util/safe-integer.js';
import { quote } from '../typeorm/tables.js';
import type { Check, Examination } from './examination.js';
import type { Finding } from './finding.js';
import { firstMissing, type Range, samples, slices } from './ranges.js';
import { contradictions, type Extent, readExtent } from './state.js';

/** How often to look again when retention has deleted what was just being counted. */
const TRIES = 5;

/** The numbers are contiguous, and end where the state row says. */
export const sequence: Check = {
  name: 'missing-events',

  async examine(examination) {
    const { target } = examination.log;
    for (let tries = 1; ; tries++) {
      const extent = await examination.connected((connection) => readExtent(connection, target));
      const contradicting = contradictions(extent, target);
      if (contradicting.length > 0) return contradicting;
      const missing = await firstHole(examination, extent);
      if (missing === null) return [];
      if (!(await isDeleted(examination, missing)))
        return [await hole(examination, missing, extent)];
      if (tries === TRIES) return [];
    }
  },
};

async function firstHole(
  examination: Examination,
  { minSeq, maxSeq, lastSeq }: Extent,
): Promise<number | null> {
  // Retention may have emptied the table; of the rest it never deletes the end.
  if (minSeq === null || maxSeq === null) return null;
  const present = { first: minSeq, last: maxSeq };
  const ranges = examination.full ? slices(present) : samples(present);
  const within = await firstMissing(ranges, (range) => isWhole(examination, range));
  if (within !== null) return within;
  return maxSeq < lastSeq! ? maxSeq + 1 : null;
}

async function isWhole(examination: Examination, { first, last }: Range): Promise<boolean> {
  const { sql, seqColumn } = examination.log.target;
  const { count } = await examination.row(
    `SELECT COUNT(*) AS \`count\` FROM ${sql.events} WHERE ${quote(seqColumn)} BETWEEN ? AND ?`,
    [first, last],
  );
  return Number(count) === last - first + 1;
}

/** Whether retention has meanwhile deleted up to there. */
async function isDeleted(examination: Examination, seq: number): Promise<boolean> {
  const { target } = examination.log;
  const { minSeq } = await examination.connected((connection) => readExtent(connection, target));
  return minSeq === null || minSeq > seq;
}

async function hole(
  examination: Examination,
  first: number,
  { lastSeq }: Extent,
): Promise<Finding> {
  const { tables, sql, seqColumn } = examination.log.target;
  const seq = quote(seqColumn);
  const { next } = await examination.row(
    `SELECT MIN(${seq}) AS \`next\` FROM ${sql.events} WHERE ${seq} > ?`,
    [first],
  );
  const last = next == null ? lastSeq! : toSafeInteger(next, 'seq') - 1;
  const events = first === last ? `event ${first}` : `the events ${first} to ${last}`;
  return {
    check: 'missing-events',
    severity: 'error',
    message:
      `Table "${tables.events}" lacks ${events}, which had a number: deleted by hand, or left out of a restore. Whoever comes ` +
      'there gets an EventNotFoundError, and consumers halt (G4).' +
      (examination.full
        ? ''
        : ' This was a sample; examine({ full: true }) finds the first such place.'),
    fix:
      'Restore the rows with their numbers; or give them up, and let each consumer that halts there go on: ' +
      `consumers.seek(name, ${next == null ? "'latest'" : last + 1}), then consumers.resume(name)`,
  };
}
