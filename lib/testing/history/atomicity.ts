import type { History } from './history.js';

/** G1: what was acknowledged is there, what was rolled back is not, and of what nobody knows all is there or nothing. */
export function* atomicity({ transactions, rows, log }: History): Iterable<string> {
  const stored = new Set(log.map(({ uuid }) => uuid));
  const rowsLeft = new Set(rows);
  const written = new Set<string>();
  for (const { writer, uuids, outcome } of transactions) {
    for (const uuid of uuids) written.add(uuid);
    const left = uuids.filter((uuid) => stored.has(uuid)).length;
    const hasRow = rowsLeft.has(uuids[0]!);
    const isThere = outcome === 'unknown' ? hasRow : outcome === 'committed';
    if (hasRow === isThere && left === (isThere ? uuids.length : 0)) continue;
    const row = hasRow ? 'its row' : 'no row';
    yield `G1: a transaction of ${writer} (${outcome}) left ${row} and ${left} of its ${uuids.length} events`;
  }
  for (const { uuid, seq } of log) {
    if (!written.has(uuid)) yield `G1: nobody wrote event ${uuid} (seq ${seq})`;
  }
}
