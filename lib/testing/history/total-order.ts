import type { History } from './history.js';

/** G2: every event has one number, from 1 on without a gap. */
export function* totalOrder({ log, lastSeq }: History): Iterable<string> {
  const uuids = new Set<string>();
  const seqs = new Set<number>();
  for (const { seq, uuid } of log) {
    if (uuids.has(uuid)) yield `G2: event ${uuid} is in the log twice`;
    uuids.add(uuid);
    if (seq === null) yield `G2: event ${uuid} has no number`;
    else if (seqs.has(seq)) yield `G2: number ${seq} was given twice`;
    else seqs.add(seq);
  }
  for (let seq = 1; seq <= lastSeq; seq++) {
    if (!seqs.delete(seq)) yield `G2: number ${seq} is missing, the log ends at ${lastSeq}`;
  }
  for (const seq of seqs) yield `G2: number ${seq} is not from 1 to ${lastSeq}`;
}
