import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { VERSION } from '../../lib/util/version.js';

test('the version that processes report is that of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});
