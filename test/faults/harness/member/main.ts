// A member in a process of its own: the settings come as the argument, orders on the standard input and reports on the standard
// output, a line each. It shuts down at SIGTERM, and dies when its standard input ends: then the harness is gone.
import 'reflect-metadata';

import { createInterface } from 'node:readline';

import { startMember } from './member.js';
import type { MemberSettings, Order, Report } from './settings.js';

const input = createInterface({ input: process.stdin }).on('close', () => process.exit(1));

const member = await startMember(JSON.parse(process.argv[2]!) as MemberSettings, tell);
input.on('line', (line) => void member.obey(JSON.parse(line) as Order));
// Whatever it rejects with ends the process with an error.
process.once('SIGTERM', () => void member.stop().then(() => process.exit(0)));
tell({ ready: true });

/** Synchronous on a pipe, so that nothing is lost when the process is killed. */
function tell(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
