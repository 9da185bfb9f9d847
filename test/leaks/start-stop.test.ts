import { describe, expect, test } from '@jest/globals';

import { DATABASES } from '../support/data-sources.js';
import type { Footprint } from '../support/leaks/footprint.js';
import { runAlone } from '../support/leaks/run-alone.js';

interface Report {
  readonly before: Footprint;
  readonly after: Footprint;
}

const CYCLES = new URL('../support/leaks/cycles-main.ts', import.meta.url);
const APPLICATIONS = new URL('../support/leaks/applications-main.ts', import.meta.url);

/** A thing of 10 KB that is forgotten once a cycle shows. */
const SLACK_BYTES = 8 * 1024 * 1024;

function expectNothingLeft({ before, after }: Report): void {
  expect(after.resources).toEqual(before.resources);
  expect(after.processListeners).toBe(before.processListeners);
}

describe('nothing is left behind', () => {
  test('by a thousand starts and stops of a runner with subscribers and consumers', async () => {
    const report = await runAlone<Report & { listeners: number }>(CYCLES, {
      cycles: 1000,
      consumers: 3,
    });
    expectNothingLeft(report);
    expect(report.listeners).toBe(0);
    expect(report.after.bytes).toBeLessThan(report.before.bytes + SLACK_BYTES);
  });

  test('by many consumers at once, which are no leak to Node either', async () => {
    expectNothingLeft(await runAlone<Report>(CYCLES, { cycles: 20, consumers: 40 }));
  });

  test.each(DATABASES)('by applications that come and go on %s', async (database) => {
    const report = await runAlone<Report & { subscribers: number }>(APPLICATIONS, {
      applications: 24,
      database,
    });
    expectNothingLeft(report);
    expect(report.subscribers).toBe(0);
  });
});
