/** Consecutive ids that get consecutive numbers: `seq = id + delta` for `low <= id <= high`. */
export interface IdRun {
  readonly low: number;
  readonly high: number;
  readonly delta: number;
}

/**
 * Ascending ids as runs. Ids of events are contiguous but for rolled-back inserts and transactions still open, so a batch is
 * mostly a single run, which one range update numbers in place.
 * @param firstSeq the number of the first id
 */
export function idRuns(ids: readonly number[], firstSeq: number): IdRun[] {
  const runs: { low: number; high: number; delta: number }[] = [];
  ids.forEach((id, index) => {
    const run = runs[runs.length - 1];
    if (run && id === run.high + 1) run.high = id;
    else runs.push({ low: id, high: id, delta: firstSeq + index - id });
  });
  return runs;
}
