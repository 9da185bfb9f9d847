import type { History, Sighting } from './history.js';

/** G4: each subscriber got every event once, in order; G2: as it still stands in the log. */
export function* streams({ log, lastSeq, subscribers }: History): Iterable<string> {
  const stored = new Map(log.map(({ seq, uuid }) => [seq, uuid]));
  for (const [name, seen] of Object.entries(subscribers))
    yield* stream(name, seen, stored, lastSeq);
}

function* stream(
  name: string,
  seen: readonly Sighting[],
  stored: ReadonlyMap<number | null, string>,
  lastSeq: number,
) {
  let next = 1;
  for (const { seq, uuid } of seen) {
    if (seq !== next) yield `G4: ${name} got event ${seq} where event ${next} belongs`;
    if (stored.get(seq) !== uuid) {
      yield `G2: ${name} got ${uuid} as event ${seq}, which is ${stored.get(seq)} in the log`;
    }
    next = seq + 1;
  }
  if (next <= lastSeq) yield `G4: ${name} got nothing after event ${next - 1} of ${lastSeq}`;
}
