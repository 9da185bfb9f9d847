import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REGISTER = new URL('../typescript/register.mjs', import.meta.url).href;
/** The tests' own options are not for children. */
const ENVIRONMENT = { ...process.env, NODE_OPTIONS: '' };

/** How long it may take to end by itself, in ms; what keeps a process alive keeps it for ever. */
const LIMIT_MS = 100_000;

/**
 * Runs a script in a process of its own, where nothing but it has timers, listeners and memory, and waits until it has ended by
 * itself. Warnings of Node, such as those about listeners, are errors.
 * @returns what it printed, as JSON
 */
export async function runAlone<T>(script: URL, settings: object = {}): Promise<T> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [
      '--expose-gc',
      '--disable-warning=ExperimentalWarning',
      '--import',
      REGISTER,
      fileURLToPath(script),
      JSON.stringify(settings),
    ],
    { env: ENVIRONMENT, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  if (stderr !== '') throw new Error(`It was not silent: ${stderr}`);
  return JSON.parse(stdout) as T;
}
