// An application of several processes at work on one database, while everything bad happens to it that we know how to do; then a check
// of all that happened. `npm run test:faults -- --help` says more.
import { parseCommandLine, USAGE } from './command-line.js';
import { describeRun, verdict } from './report.js';
import { run } from './run.js';

if (process.argv.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}

const { seconds, seed: first, runs, nemeses } = commandLine();
let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  const only = nemeses.map(({ name }) => name).join(',');
  const command = `npm run test:faults -- --seconds ${seconds} --seed ${seed} --only "${only}"`;
  console.log(`Seed ${seed}, ${seconds} s.`);
  const begin = performance.now();
  const progress = (what: string) => {
    console.error(`  ${Math.round((performance.now() - begin) / 1000)} s: ${what}`);
  };
  try {
    const result = await run({ seconds, seed, nemeses, progress });
    console.log(describeRun(result));
    console.log(verdict(result, { seed, command }));
    if (result.violations.length > 0) failed++;
  } catch (error) {
    console.log(`The run did not come to its end: ${command}`);
    console.error(error);
    failed++;
  }
}
console.log(`${runs - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function commandLine() {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
