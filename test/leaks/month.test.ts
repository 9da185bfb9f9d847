import { expect, test } from '@jest/globals';

import type { Footprint } from '../support/leaks/footprint.js';
import { runAlone } from '../support/leaks/run-alone.js';

const MONTH = new URL('../support/leaks/month-main.ts', import.meta.url);
const COUNT = 300_000;

interface Report {
  readonly quarters: readonly Footprint[];
  readonly atTheHead: number;
  readonly behind: number;
  readonly handled: number;
}

test('memory is flat through a month of events, with a slow subscriber and a consumer with lanes', async () => {
  const { quarters, ...progress } = await runAlone<Report>(MONTH, { count: COUNT });
  expect(progress).toMatchObject({ atTheHead: COUNT, handled: COUNT });
  expect(progress.behind).toBeGreaterThan(0);
  expect(progress.behind).toBeLessThan(COUNT);
  const [first, , , last] = quarters.map(({ bytes }) => bytes);
  // A quarter has 75 MB of payload; 75 bytes kept of each event would show.
  expect(last).toBeLessThan(first! + 16 * 1024 * 1024);
  expect(quarters.at(-1)!.resources).toEqual(quarters[0]!.resources);
});
