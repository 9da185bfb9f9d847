// Ends a test server and removes its folder when the process that started them goes away, however it
// goes: our standard input is a pipe from it, and the kernel closes that even after a kill -9.
//
// Arguments: the folder. Each line of the input names what is running now: "pid 123", "container x"
// or "none"; the last one counts.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const folder = process.argv[2];
let running = 'none';
for await (const line of createInterface({ input: process.stdin })) running = line;

const [kind, name] = running.split(' ');
try {
  if (kind === 'pid') process.kill(Number(name), 'SIGKILL');
  if (kind === 'container') execFileSync('docker', ['rm', '--force', '--volumes', String(name)]);
} catch {
  // it has ended by itself
}
if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
