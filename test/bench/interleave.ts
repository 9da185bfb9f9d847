/** Measures once; the result is one sample. */
export type Measurement = () => Promise<number>;

/**
 * Runs every measurement once a round, so that whatever else the machine does hits all of them alike. Every other round goes
 * backwards: none always runs in the wake of the same neighbour.
 */
export async function interleave<N extends string>(
  rounds: number,
  measurements: Readonly<Record<N, Measurement>>,
): Promise<Record<N, number[]>> {
  const names = Object.keys(measurements) as N[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    N,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      samples[name].push(await measurements[name]());
    }
  }
  return samples;
}

/** Work done per second while `work` ran. @param work says how much it did */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  const begin = performance.now();
  const done = await work();
  return (done * 1000) / (performance.now() - begin);
}
