// The ten lines of the README as they are printed, in applications like those of `nest new`. Needs the package registry, as the other
// tests of the package.
import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

import { createDatabase } from '../support/databases.js';
import { blocksOf, ROOT } from '../support/markdown.js';
import { freePort } from '../support/processes/free-port.js';
import { until } from '../support/until.js';
import { type Manifest, ScratchApp } from './scratch-app.js';
import { packed, type Tarball } from './tarball.js';

jest.setTimeout(300_000);

let tarball: Tarball;
beforeAll(async () => {
  tarball = await packed();
});
afterAll(() => tarball.remove());

/** As `nest new` writes it, with what the README adds. */
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`;

/** What `nest new` has in its tsconfig.json, in both versions, and what README says to install beside it. */
const COMPILER = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  isolatedModules: true,
  target: 'ES2023',
  skipLibCheck: true,
};
const BESIDE = { '@types/node': '20', 'reflect-metadata': '0.2', rxjs: '7', mysql2: '3' };

const NEST_12 = {
  '@nestjs/common': '12',
  '@nestjs/core': '12',
  '@nestjs/platform-express': '12',
  '@nestjs/typeorm': '12',
  typeorm: '1',
};
const NEST_11 = {
  '@nestjs/common': '11',
  '@nestjs/core': '11',
  '@nestjs/platform-express': '11',
  '@nestjs/typeorm': '11',
  typeorm: '1',
};

describe.each<[string, Manifest]>([
  ['Nest 12, ES modules', { type: 'module', dependencies: NEST_12 }],
  ['Nest 12, CommonJS', { type: 'commonjs', dependencies: NEST_12 }],
  ['Nest 11', { type: 'commonjs', dependencies: NEST_11 }],
])('the ten lines of the README with %s', (_, { type, dependencies }) => {
  test('place an order and confirm it', async () => {
    const own = { 'nestjs-eventx': `file:${tarball.path}` };
    const manifest = { type, dependencies: { ...BESIDE, ...dependencies, ...own } };
    const app = await ScratchApp.install(manifest, { ...printed(), 'src/main.ts': MAIN });
    const database = await createDatabase();
    try {
      await app.compile(COMPILER);
      const port = String(await freePort());
      const running = app.start('src/main.js', { DATABASE_URL: database.url, PORT: port });
      let output = '';
      for (const stream of [running.stdout!, running.stderr!]) {
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      }
      const said = (what: string) => until(() => output.includes(what), { what });
      await said('Consumer "confirmations" runs here');
      await said('Nest application successfully started');
      const response = await fetch(`http://127.0.0.1:${port}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"customer":"Ada","total":42}',
      });
      expect(await response.json()).toEqual({ id: 1, customer: 'Ada', total: 42 });
      await said('Event 1: thank you for order 1, Ada');
      running.kill('SIGTERM');
      await once(running, 'exit');
    } finally {
      await database.drop();
      await app.remove();
    }
  });
});

/** The files that the README prints. */
function printed(): Record<string, string> {
  const blocks = blocksOf(join(ROOT, 'README.md')).filter(({ language }) => language === 'ts');
  return Object.fromEntries(
    blocks.map(({ text }) => [/^\/\/ (\S+)/.exec(text)![1]!, text] as const),
  );
}
