/** Ms of a clock that all processes of this machine share, and that no change of its time touches. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
