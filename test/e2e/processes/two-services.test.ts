import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { freePort } from '../../support/processes/free-port.js';

const REGISTER = new URL('../../support/typescript/register.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../../sample/two-services/main.ts', import.meta.url));
const later = cleanUpAfterEach();

/** Runs the sample as `npm run start:two-services` does. @returns what it said */
async function run(env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['--import', REGISTER, MAIN, '--once'], {
    env: { ...process.env, NODE_OPTIONS: '', EVENTX_DATABASE_URL: '', ...env },
  });
  later(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return said + complained;
}

test('each of the two services gets a port of its own', async () => {
  const port = await freePort();
  const said = await run({ PORT: String(port) });
  expect(said).toMatch(`core service    http://localhost:${port},`);
  const events = /event service +http:\/\/localhost:(\d+),/.exec(said)?.[1];
  expect(Number(events)).toBeGreaterThan(0);
  expect(Number(events)).not.toBe(port);
});

test.each([
  [{ PORT: '4000', EVENTS_PORT: '4000' }, /PORT and EVENTS_PORT are both 4000, but each/],
  [{ PORT: 'http' }, /PORT must be a whole number from 0 to 65535, but is "http"/],
])('%j is refused with a reason', async (env, reason) => {
  expect(await run(env)).toMatch(reason);
});

test('a port that is taken is named', async () => {
  const server = createServer().listen(0);
  await once(server, 'listening');
  later(() => void server.close());
  const { port } = server.address() as { port: number };
  const said = await run({ EVENTS_PORT: String(port) });
  expect(said).toMatch(/^The events service did not start: listen EADDRINUSE: .*:\d+$/m);
  expect(said).toContain(String(port));
});
