import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import jestConfig from '../../../jest.config.mjs';

const ROOT = new URL('../../../', import.meta.url).href;
const LIB = new URL('../../../lib/', import.meta.url);
/** As jest compiles it. */
const [, swcOptions] = /** @type {[string, import('@swc/core').Options]} */ (
  Object.values(jestConfig.transform ?? {})[0]
);

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const own = /^nestjs-eventx(?:\/(\w+))?$/.exec(specifier);
  if (own) return { url: new URL(`${own[1] ?? '.'}/index.ts`, LIB).href, shortCircuit: true };
  const isOurs = context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
  // What a process of a sample starts as another one.
  const isSample = !context.parentURL && specifier.startsWith(`${ROOT}sample/`);
  return next(isOurs || isSample ? specifier.replace(/js$/, 'ts') : specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), { ...swcOptions, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
