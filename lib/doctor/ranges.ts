/** Sequence numbers from `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** How many numbers one sample has. */
const SAMPLE = 1000;
/** How many samples lie between the oldest and the newest. */
const SAMPLES_BETWEEN = 8;
/** How many numbers are counted at once when all are: a statement of a tenth of a second. */
const SLICE = 250_000;

/** The oldest numbers, the newest, and some at equal distances between them; everything where that is little. */
export function* samples({ first, last }: Range): Generator<Range> {
  const count = SAMPLES_BETWEEN + 2;
  if (last - first < count * SAMPLE) {
    yield { first, last };
    return;
  }
  const end = last - SAMPLE + 1;
  for (let index = 0; index < count; index++) {
    const start = first + Math.floor(((end - first) * index) / (count - 1));
    yield { first: start, last: start + SAMPLE - 1 };
  }
}

/** Everything, in slices, the oldest first. */
export function* slices({ first, last }: Range): Generator<Range> {
  for (let start = first; start <= last; start += SLICE) {
    yield { first: start, last: Math.min(start + SLICE - 1, last) };
  }
}

/**
 * The smallest number that is missing in ranges that ascend; null when none is.
 * @param isWhole whether every number of a range is there
 */
export async function firstMissing(
  ranges: Iterable<Range>,
  isWhole: (range: Range) => Promise<boolean>,
): Promise<number | null> {
  for (const range of ranges) {
    if (await isWhole(range)) continue;
    let { first, last } = range;
    while (first < last) {
      const middle = Math.floor((first + last) / 2);
      if (await isWhole({ first, last: middle })) first = middle + 1;
      else last = middle;
    }
    return first;
  }
  return null;
}
