/** The smallest of the values, sorted ascending, that `percent` percent of them do not exceed; NaN where there is none. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? NaN;
}
