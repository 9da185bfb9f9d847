/** The middle of the samples; of an even number, the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/**
 * The value below which `percent` of the samples lie, interpolated between neighbours.
 * @throws RangeError without samples: a figure that was not measured must not look like one
 */
export function percentile(samples: readonly number[], percent: number): number {
  if (samples.length === 0) throw new RangeError('There is no percentile of no samples.');
  const sorted = Float64Array.from(samples).sort();
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** Half of the distance between the largest and the smallest sample, as a share of the median: the `±` of a figure. */
export function spread(samples: readonly number[]): number {
  const middle = median(samples);
  if (middle === 0) return 0;
  return (Math.max(...samples) - Math.min(...samples)) / 2 / Math.abs(middle);
}

/** Sample by sample: what was measured in one round is compared with what was measured in the same round. */
export function ratios(samples: readonly number[], reference: readonly number[]): number[] {
  if (samples.length !== reference.length) {
    throw new RangeError(`${samples.length} samples have ${reference.length} references.`);
  }
  return samples.map((sample, round) => sample / reference[round]!);
}
