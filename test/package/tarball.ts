import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Tarball {
  readonly path: string;
  remove(): Promise<void>;
}

/** Builds the package and packs it, as `npm publish` would. */
export async function packed(): Promise<Tarball> {
  const folder = await mkdtemp(join(tmpdir(), 'eventx-package-'));
  await run('npm', ['run', 'build'], { cwd: ROOT });
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return {
    path: join(folder, filename),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
