import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { range, seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('G4 no skip: a loop over the events on %s', (database) => {
  let log: TestApp;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());
  beforeEach(async () => {
    before = log.runner.status.lastSeq!;
    await log.publish(...'abcdefghij');
    await log.reached(before + 10);
  });

  const seqs = (...places: number[]) => places.map((place) => before + place);

  test('that is left goes on behind the last event it took', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1, fetchLimit: 4 });
    const seen: number[] = [];
    for (const goal of [1, 4, 5, 10]) {
      for await (const { seq } of subscriber) {
        seen.push(seq);
        if (seen.length === goal) break;
      }
      expect(subscriber.nextSeq).toBe(before + goal + 1);
    }
    expect(seen).toEqual(range(before + 1, before + 10));
  });

  test('that throws goes on behind the event at which it threw', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    const loop = async () => {
      for await (const { seq } of subscriber) if (seq === before + 3) throw new Error('failed');
    };
    await expect(loop()).rejects.toThrow('failed');
    expect(seqsOf(await subscriber.fetch())[0]).toBe(before + 4);
  });

  test('ends without an error when its signal aborts while it waits', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const subscriber = log.eventx.subscriber({ from: before + 9 });
    for await (const { seq } of subscriber.events(abort.signal)) {
      seen.push(seq);
      if (seq === before + 10) setImmediate(() => abort.abort());
    }
    expect(seen).toEqual(seqs(9, 10));
    expect(subscriber.nextSeq).toBe(before + 11);
  });

  test('ends at once when its signal aborts in the middle of a batch', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    for await (const { seq } of subscriber.events(abort.signal)) {
      seen.push(seq);
      if (seq === before + 3) abort.abort();
    }
    expect(seen).toEqual(seqs(1, 2, 3));
    expect(subscriber.nextSeq).toBe(before + 4);
  });

  test('goes where seek sends it, in the middle of a batch too', async () => {
    const seen: number[] = [];
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    for await (const { seq } of subscriber) {
      seen.push(seq);
      if (seen.length === 2) subscriber.seek(before + 9);
      if (seen.length === 4) subscriber.seek(before + 1);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual(seqs(1, 2, 9, 10, 1));
  });
});
