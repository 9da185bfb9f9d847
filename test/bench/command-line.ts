import { parseArgs } from 'node:util';

import type { SizeName } from './sizes.js';

export interface CommandLine {
  /** Letters of scenarios, or names of peers; null is all of them. */
  readonly only: ReadonlySet<string> | null;
  readonly size: SizeName;
  /** Null: what the size says. */
  readonly rounds: number | null;
  /** File for the results, with every sample. */
  readonly json: string | null;
  /** Whether to keep the results, with table and chart, in `docs`. */
  readonly save: boolean;
}

export const USAGE = `Options, after "--":
  --only a,b     only these (default: all)
  --tiny         a few seconds in all; only shows that everything runs
  --full         longer, and with 10 million rows
  --rounds N     samples of each figure
  --json FILE    write the results, with every sample, to a file
  --save         write docs/benchmark.json, docs/benchmark.md and docs/benchmark.svg`;

/** @throws Error that says what is wrong, and what there is */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parse(args);
  if (values.tiny && values.full) throw new Error(`--tiny or --full, not both.\n${USAGE}`);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds takes a whole number of at least 1.\n${USAGE}`);
  }
  return {
    only: values.only === undefined ? null : new Set(values.only.split(',')),
    size: values.tiny ? 'tiny' : values.full ? 'full' : 'usual',
    rounds,
    json: values.json ?? null,
    save: values.save ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        tiny: { type: 'boolean' },
        full: { type: 'boolean' },
        rounds: { type: 'string' },
        json: { type: 'string' },
        save: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}
