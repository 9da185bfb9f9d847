import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
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

/** Packs the package, as `npm publish` would, as from a fresh clone: what was built in this folder is removed first. */
export async function packed(): Promise<Tarball> {
  const folder = await mkdtemp(join(tmpdir(), 'eventx-package-'));
  await rm(join(ROOT, 'dist'), { recursive: true, force: true });
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  const [file] = await readdir(folder);
  return {
    path: join(folder, file!),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
