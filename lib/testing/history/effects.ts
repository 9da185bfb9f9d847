import type { ConsumerHistory, History } from './history.js';

/** G5: the effects of each consumer are those of the log, as often and in the order that it promises. */
export function* effects({ log, lastSeq, consumers = {} }: History): Iterable<string> {
  const keys = new Map(log.map(({ seq, key }) => [seq, key ?? null]));
  for (const [name, consumer] of Object.entries(consumers)) {
    const { first, repeats } = occurrences(consumer.effects);
    if (consumer.times === 'once') {
      for (const seq of repeats) yield `G5: ${name} handled event ${seq} again`;
    }
    yield* completeness(name, consumer, first, lastSeq);
    const line = consumer.order === 'log' ? () => 'the log' : (seq: number) => keys.get(seq);
    yield* order(name, first, line);
    yield* blocking(name, consumer, first, keys);
  }
}

/** The events in the order in which they first occur, and those that occur again. */
function occurrences(effects: readonly number[]): { first: Set<number>; repeats: number[] } {
  const first = new Set<number>();
  const repeats = effects.filter((seq) => first.size === first.add(seq).size);
  return { first, repeats };
}

function* completeness(
  name: string,
  { parked = [] }: ConsumerHistory,
  handled: ReadonlySet<number>,
  lastSeq: number,
) {
  const done = new Set([...handled, ...parked]);
  for (let seq = 1; seq <= lastSeq; seq++) {
    if (!done.delete(seq)) yield `G5: ${name} left out event ${seq} of ${lastSeq}`;
  }
  for (const seq of done) yield `G5: ${name} handled event ${seq}, which is not in the log`;
}

/** Events of one line come one after the other; those without one have no order. */
function* order(
  name: string,
  handled: Iterable<number>,
  lineOf: (seq: number) => string | null | undefined,
) {
  const last = new Map<string, number>();
  for (const seq of handled) {
    const line = lineOf(seq) ?? null;
    if (line === null) continue;
    const before = last.get(line) ?? 0;
    if (seq < before) yield `G5: ${name} handled event ${seq} after event ${before} of ${line}`;
    last.set(line, Math.max(seq, before));
  }
}

/** Nothing goes past a parked event of its key. */
function* blocking(
  name: string,
  { parked = [] }: ConsumerHistory,
  handled: Iterable<number>,
  keys: ReadonlyMap<number | null, string | null>,
) {
  const blocked = new Map<string, number>();
  for (const seq of parked) {
    const key = keys.get(seq) ?? null;
    if (key !== null) blocked.set(key, Math.min(seq, blocked.get(key) ?? Infinity));
  }
  for (const seq of handled) {
    const first = blocked.get(keys.get(seq) ?? '');
    if (first !== undefined && seq >= first) {
      yield `G5: ${name} handled event ${seq}, though event ${first} of its key is parked`;
    }
  }
}
