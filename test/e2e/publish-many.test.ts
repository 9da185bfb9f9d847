import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { range, seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('G3 causal: many events of one transaction on %s', (database) => {
  let log: TestApp;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
  });

  async function expectInOrder(uuids: readonly string[]): Promise<void> {
    const events = await take(log.eventx.subscriber({ from: before + 1 }), uuids.length);
    expect(seqsOf(events)).toEqual(range(before + 1, before + uuids.length));
    expect(events.map(({ uuid }) => uuid)).toEqual(uuids);
    expect(events.map(({ data }) => (data as { n: number }).n)).toEqual(range(1, uuids.length));
  }

  test('7,000 in one call keep their order', async () => {
    const published = await log.dataSource.transaction((manager) =>
      log.eventx.publish(
        manager,
        range(1, 7000).map((n) => ({ type: 'bulk', data: { n } })),
      ),
    );
    await expectInOrder(published.map(({ uuid }) => uuid));
  });

  test('those of several calls follow each other', async () => {
    const uuids = await log.dataSource.transaction(async (manager) => {
      const uuids: string[] = [];
      for (let n = 1; n <= 1500; n++) {
        const { uuid } = await log.eventx.publish(manager, { type: 'single', data: { n } });
        uuids.push(uuid);
      }
      return uuids;
    });
    await expectInOrder(uuids);
  });

  test('large ones, more than a packet holds, keep their order', async () => {
    const published = await log.dataSource.transaction((manager) =>
      log.eventx.publish(
        manager,
        range(1, 30).map((n) => ({
          type: 'large',
          data: { n, ballast: 'x'.repeat(n % 3 === 0 ? 900_000 : 90_000) },
        })),
      ),
    );
    await expectInOrder(published.map(({ uuid }) => uuid));
  });

  test('no events are none', async () => {
    expect(await log.dataSource.transaction((manager) => log.eventx.publish(manager, []))).toEqual(
      [],
    );
  });
});
