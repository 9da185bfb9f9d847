/** Most names that are told. */
const MOST = 3;

/** The names that somebody who wrote `name` may have meant: no other is nearer, and they are a few letters apart at most. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const candidates = [...known].map((other) => ({
    other,
    distance: distance(name.toLowerCase(), other.toLowerCase(), limit),
  }));
  const least = Math.min(limit, ...candidates.map((candidate) => candidate.distance));
  return candidates
    .filter((candidate) => candidate.distance === least)
    .slice(0, MOST)
    .map(({ other }) => other);
}

/** How many letters to change, add, leave out or exchange with their neighbour. Infinite where it is over the limit for certain. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
