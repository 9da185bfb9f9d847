// Puts one deliberate bug after the other into a copy of the library and runs the tests that must notice it.
// `npm run test:mutations [-- part of a name]`; fails when a bug goes unnoticed.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from './mutations.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['lib', 'test', 'package.json', 'jest.config.mjs', 'tsconfig.json'];
const JEST = 'node_modules/jest/bin/jest.js';

const [, , part = ''] = process.argv;
const chosen = MUTATIONS.filter(({ name }) => name.includes(part));

const copy = mkdtempSync(join(tmpdir(), 'eventx-mutations-'));
let unnoticed = 0;
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const mutation of chosen) {
    const { seconds, noticedBy } = withMutation(mutation, () => runTests(mutation.tests));
    if (!noticedBy) unnoticed++;
    const verdict = noticedBy ? `noticed after ${seconds} s: ${noticedBy}` : 'NOT NOTICED';
    console.log(`${mutation.name}\n  ${verdict}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length - unnoticed} passed, ${unnoticed} failed`);
process.exitCode = unnoticed > 0 ? 1 : 0;

/**
 * @template T
 * @param {import('./mutations.mjs').Mutation} mutation
 * @param {() => T} work
 */
function withMutation({ name, file, from, to }, work) {
  const path = join(copy, file);
  const code = readFileSync(path, 'utf8');
  if (code.split(from).length !== 2) {
    throw new Error(`"${name}": what it replaces must occur once in ${file}.`);
  }
  writeFileSync(
    path,
    code.replace(from, () => to),
  );
  try {
    return work();
  } finally {
    writeFileSync(path, code);
  }
}

/** @param {string[]} tests */
function runTests(tests) {
  const begin = performance.now();
  const argv = ['--experimental-vm-modules', JEST, '--bail', '--silent', ...tests];
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: copy, encoding: 'utf8' });
  const seconds = Math.round((performance.now() - begin) / 1000);
  if (status === 0) return { seconds, noticedBy: null };
  const failed = /^\s*● (.+)$/m.exec(stderr)?.[1];
  if (!failed) throw new Error(`The tests did not run:\n${stderr.slice(-3000)}`);
  return { seconds, noticedBy: failed };
}
