import 'reflect-metadata';

import { type CommandLine, parseCommandLine } from './command-line.js';
import type { Figure } from './figures.js';
import { Lab } from './lab/lab.js';
import { conditions } from './report/conditions.js';
import { publishResults } from './report/results.js';
import { figureTable } from './report/table.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

/** `npm run bench`. */
const commandLine = parseCommandLine(process.argv.slice(2));
const before = conditions();
const figures = await measure(commandLine, chosen(commandLine));
console.log(`\n${figureTable(figures)}\n\n${before}`);
publishResults(commandLine, { eventx: { conditions: before, figures } });

function chosen({ only }: CommandLine): readonly Scenario[] {
  const strange = [...(only ?? [])].filter(
    (letter) => !SCENARIOS.some((scenario) => scenario.letter === letter),
  );
  if (strange.length > 0) {
    const known = SCENARIOS.map(({ letter, title }) => `  ${letter}  ${title}`).join('\n');
    throw new Error(`There is no scenario ${strange.join(', ')}. There are:\n${known}`);
  }
  return SCENARIOS.filter(({ letter }) => only?.has(letter) ?? true);
}

async function measure(line: CommandLine, scenarios: readonly Scenario[]): Promise<Figure[]> {
  const all: Figure[] = [];
  const lab = await Lab.open(line);
  try {
    for (const scenario of scenarios) {
      process.stderr.write(`${scenario.letter}  ${scenario.title} … `);
      const begin = performance.now();
      const figures = await scenario.measure(lab);
      process.stderr.write(`${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
      if (process.stderr.isTTY) process.stderr.write(`${figureTable(figures)}\n\n`);
      all.push(...figures);
    }
  } finally {
    await lab.close();
  }
  return all;
}
