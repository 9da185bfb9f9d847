// Needs the package registry and installs whole applications: run by `npm run test:package`, not by `npm test`.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

import { createDatabase } from '../support/databases.js';
import { ScratchApp, type Manifest } from './scratch-app.js';
import { packed, type Tarball } from './tarball.js';

jest.setTimeout(300_000);

const { peerDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { peerDependencies: Record<string, string> };

const COMMON = {
  '@types/node': '20',
  'reflect-metadata': '0.2',
  libsql: '0.5',
  mysql2: '3',
  rxjs: '7',
};
const NEST_11 = { '@nestjs/common': '11', '@nestjs/core': '11', '@nestjs/typeorm': '11' };
const NEST_12 = { '@nestjs/common': '12', '@nestjs/core': '12', '@nestjs/typeorm': '12' };
/** The lower end of every range that package.json promises. */
const OLDEST = Object.fromEntries(
  Object.entries(peerDependencies).map(([name, range]) => [name, range.replace(/^\^| .*/g, '')]),
);

const ENTRY_POINTS = ['nestjs-eventx', 'nestjs-eventx/log', 'nestjs-eventx/testing'];
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };

let tarball: Tarball;
beforeAll(async () => {
  tarball = await packed();
});
afterAll(() => tarball.remove());

test('npm pack builds what it packs, and takes nothing else along', async () => {
  const { stdout } = await promisify(execFile)('tar', ['-tzf', tarball.path]);
  const files = stdout.split('\n').filter((file) => file !== '');
  expect(files).toEqual(
    expect.arrayContaining([
      'package/dist/esm/index.js',
      'package/dist/cjs/index.js',
      'package/dist/cjs/package.json',
      'package/README.md',
      'package/CHANGELOG.md',
      'package/LICENSE',
    ]),
  );
  const ours = /^package\/(dist\/(esm|cjs)\/|package\.json$|README\.md$|CHANGELOG\.md$|LICENSE$)/;
  expect(files.filter((file) => !ours.test(file))).toEqual([]);
});

describe('an ES module application with Nest 12 and TypeORM 1', () => {
  const app = installed('module', { ...COMMON, ...NEST_12, typeorm: '1.1' });
  runsOn(app, ['mariadb', 'sqlite']);
  typeChecks(app, 'bundler');
});

describe('a CommonJS application with Nest 12 and TypeORM 1', () => {
  const app = installed('commonjs', { ...COMMON, ...NEST_12, typeorm: '1.1' });
  runsOn(app, ['mariadb', 'sqlite']);
});

describe('a CommonJS application with Nest 11 and TypeORM 0.3', () => {
  const app = installed('commonjs', { ...COMMON, ...NEST_11, typeorm: '0.3' });
  runsOn(app, ['mariadb', 'sqlite']);
  typeChecks(app, 'bundler');
  typeChecks(app, 'node10');

  test('runs on the CommonJS build, where Node cannot require ES modules', async () => {
    const found = await app().run(
      ['cjs.db', ...ENTRY_POINTS],
      ['--no-experimental-require-module'],
    );
    const { exported, twice, result } = found as Found;
    expect(result).toEqual(AS_IT_SHOULD_BE);
    // Two builds are two copies, which everybody else is spared: so this one was the other.
    expect(twice).toHaveLength(exported);
  });
});

describe('a CommonJS application with the oldest of everything that package.json promises', () => {
  const app = installed('commonjs', { '@types/node': '20', ...OLDEST });
  runsOn(app, ['mariadb'], [...ENTRY_POINTS, 'nestjs-eventx/microservices']);

  // Before, TypeORM called the class that libsql is without `new`.
  test('runs on sqlite from TypeORM 0.3.28 on', async () => {
    await app().add({ typeorm: '0.3.28' });
    expect(await app().run(['late.db'])).toMatchObject({ result: AS_IT_SHOULD_BE });
  });
});

interface Found {
  readonly result: unknown;
  readonly exported: number;
  readonly twice: readonly string[];
}

const AS_IT_SHOULD_BE = {
  rolledBack: true,
  received: { seq: 1, data: { total: 12 } },
  isWhatWasPublished: true,
  endedAtShutdown: true,
};

/** Installs and compiles an application before the tests of a group. @returns a function that gives it, in a test */
function installed(type: Manifest['type'], dependencies: Manifest['dependencies']) {
  let app: ScratchApp | undefined;
  beforeAll(async () => {
    const own = { 'nestjs-eventx': `file:${tarball.path}` };
    app = await ScratchApp.install({ type, dependencies: { ...dependencies, ...own } });
    await app.compile(NODENEXT);
  });
  afterAll(() => app?.remove());
  return () => app!;
}

function runsOn(
  app: () => ScratchApp,
  databases: readonly ('mariadb' | 'sqlite')[],
  entryPoints = ENTRY_POINTS,
) {
  test.each(databases)('publishes, subscribes and shuts down on %s', async (name) => {
    const database = name === 'mariadb' ? await createDatabase() : undefined;
    const found = await app().run([database?.url ?? 'test.db', ...entryPoints]);
    await database?.drop();
    expect(found).toEqual({ result: AS_IT_SHOULD_BE, exported: expect.any(Number), twice: [] });
    expect((found as Found).exported).toBeGreaterThan(20);
  });
}

function typeChecks(app: () => ScratchApp, moduleResolution: 'bundler' | 'node10') {
  test(`type-checks with moduleResolution ${moduleResolution}`, async () => {
    const module = moduleResolution === 'node10' ? 'commonjs' : 'esnext';
    await app().compile({
      module,
      moduleResolution,
      noEmit: true,
      // TypeScript 6 still has node10, but says that it is old.
      ignoreDeprecations: '6.0',
    });
  });
}
