import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('G4 no skip: a fetch that is aborted on %s', (database) => {
  let log: TestApp;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database, { options: { windowSize: 2 } });
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
  });

  test('rejects with the reason, leaves the position, and a later one goes on from there', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    for (let times = 0; times < 3; times++) {
      const abort = new AbortController();
      const reason = new Error(`abort ${times}`);
      const fetching = subscriber.fetch(abort.signal);
      abort.abort(reason);
      await expect(fetching).rejects.toBe(reason);
      expect(subscriber.nextSeq).toBe(before + 1);
    }
    await log.publish('a', 'b');
    expect(seqsOf(await subscriber.fetch())).toEqual([before + 1, before + 2]);
  });

  test('misses nothing that comes between the abort and the next fetch', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1, fetchLimit: 3 });
    const abort = new AbortController();
    const fetching = subscriber.fetch(abort.signal);
    abort.abort();
    await expect(fetching).rejects.toBe(abort.signal.reason);
    await log.publish('a', 'b');
    await log.reached(before + 2);
    await log.publish('c', 'd');
    await log.reached(before + 4);
    expect(seqsOf(await subscriber.fetch())).toEqual([before + 1, before + 2, before + 3]);
    expect(seqsOf(await subscriber.fetch())).toEqual([before + 4]);
  });

  test('while it reads the table misses nothing either', async () => {
    await log.publish('a', 'b', 'c', 'd');
    await log.publish('e');
    await log.reached(before + 5);
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    const abort = new AbortController();
    const fetching = subscriber.fetch(abort.signal);
    setImmediate(() => abort.abort());
    const first = await fetching.catch(() => []);
    const seen = seqsOf(first);
    while (seen.length < 5) seen.push(...seqsOf(await subscriber.fetch()));
    expect(seen).toEqual([1, 2, 3, 4, 5].map((n) => before + n));
  });

  test('of one subscriber is no concern of another', async () => {
    const other = log.eventx.subscriber({ from: before + 1 });
    const waiting = other.fetch();
    const abort = new AbortController();
    const aborted = log.eventx.subscriber({ from: before + 1 }).fetch(abort.signal);
    abort.abort();
    await expect(aborted).rejects.toBe(abort.signal.reason);
    await log.publish('a');
    expect(seqsOf(await waiting)).toEqual([before + 1]);
  });

  test('by a timeout rejects with a TimeoutError', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    await expect(subscriber.fetch(AbortSignal.timeout(1))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});
