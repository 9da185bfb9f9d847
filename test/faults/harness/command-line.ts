import { parseArgs } from 'node:util';

import { type Nemesis, NEMESES } from './nemeses/index.js';

export interface CommandLine {
  readonly seconds: number;
  readonly seed: number;
  /** How many runs, each with the next seed. */
  readonly runs: number;
  readonly nemeses: readonly Nemesis[];
}

export const USAGE = `Options, after "--":
  --seconds N   length of the faults of each run (default: 60)
  --seed N      which faults come when (default: another each time)
  --runs N      runs one after the other, each with the next seed (default: 1)
  --only A,B    only these nemeses: ${NEMESES.map(({ name }) => name).join(', ')}`;

/** @throws Error that says what is wrong, and what there is */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parse(args);
  return {
    seconds: wholeNumber('seconds', values.seconds, 60),
    seed: wholeNumber('seed', values.seed, 1 + Math.floor(Math.random() * 1_000_000)),
    runs: wholeNumber('runs', values.runs, 1),
    nemeses: values.only === undefined ? NEMESES : values.only.split(',').map(nemesis),
  };
}

function nemesis(name: string): Nemesis {
  const found = NEMESES.find((one) => one.name === name.trim());
  if (!found) throw new Error(`There is no nemesis "${name}".\n${USAGE}`);
  return found;
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a whole number of at least 1, not "${text}".\n${USAGE}`);
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { seconds: text, seed: text, runs: text, only: text };
  try {
    return parseArgs({ args: [...args], options });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}
