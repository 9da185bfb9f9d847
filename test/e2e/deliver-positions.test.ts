import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe.each(DATABASES)('where a subscriber begins on %s', (database) => {
  let log: TestApp;
  beforeEach(async () => {
    log = await startAppOn(database);
  });
  afterEach(() => log.close());

  /** A fetch that waits, and whose position is known. */
  const waiting = async (subscriber: ReturnType<TestApp['eventx']['subscriber']>) => {
    const fetching = subscriber.fetch();
    await until(() => subscriber.nextSeq !== null, { what: 'the position' });
    return { fetching };
  };

  test("'latest', the default, is what comes after its first fetch began", async () => {
    await log.publish('old');
    await log.reached(1);
    const subscriber = log.eventx.subscriber();
    expect(subscriber.nextSeq).toBeNull();
    const { fetching } = await waiting(subscriber);
    expect(subscriber.nextSeq).toBe(2);
    await log.publish('new');
    expect(seqsOf(await fetching)).toEqual([2]);
  });

  test("'earliest' is the oldest event that the log still has", async () => {
    await log.publish('a', 'b', 'c');
    await log.reached(3);
    await log.dataSource.query('DELETE FROM eventx_events WHERE seq = 1');
    const subscriber = log.eventx.subscriber({ from: 'earliest' });
    expect(seqsOf(await subscriber.fetch())).toEqual([2, 3]);
  });

  test('a time is the first event that was written since', async () => {
    await log.publish('old', 'older');
    await log.reached(2);
    await log.dataSource.query("UPDATE eventx_events SET created_at = '2020-01-01 00:00:00'");
    const future = log.eventx.subscriber({ from: new Date(Date.now() + 60_000) });
    const { fetching } = await waiting(future);
    expect(future.nextSeq).toBe(3);
    await log.publish('new');
    expect(seqsOf(await fetching)).toEqual([3]);
    const since = log.eventx.subscriber({ from: new Date('2021-01-01') });
    expect(seqsOf(await since.fetch())).toEqual([3]);
    const all = log.eventx.subscriber({ from: new Date('2019-01-01') });
    expect(seqsOf(await all.fetch())).toEqual([1, 2, 3]);
  });

  test("'earliest' of an empty log is the first event that comes", async () => {
    const subscriber = log.eventx.subscriber({ from: 'earliest' });
    const { fetching } = await waiting(subscriber);
    await log.publish('a');
    expect(seqsOf(await fetching)).toEqual([1]);
  });

  test("'earliest' of a log that retention emptied is the next event that comes", async () => {
    await log.publish('a', 'b');
    await log.reached(2);
    await log.dataSource.query('DELETE FROM eventx_events');
    const subscriber = log.eventx.subscriber({ from: 'earliest' });
    const { fetching } = await waiting(subscriber);
    expect(subscriber.nextSeq).toBe(3);
    await log.publish('c');
    expect(seqsOf(await fetching)).toEqual([3]);
  });

  test('a number is that event', async () => {
    await log.publish('a', 'b', 'c');
    expect(seqsOf(await log.eventx.subscriber({ from: 3 }).fetch())).toEqual([3]);
  });

  test('a number far ahead waits for it, and hinders nobody', async () => {
    const ahead = log.eventx.subscriber({ from: 4 });
    const fetching = ahead.fetch();
    const near = log.eventx.subscriber({ from: 1 });
    for (let seq = 1; seq <= 3; seq++) {
      await log.publish('a');
      expect(seqsOf(await near.fetch())).toEqual([seq]);
    }
    expect(ahead.nextSeq).toBe(4);
    await log.publish('d', 'e');
    expect(seqsOf(await fetching)).toEqual([4, 5]);
  });

  test('seek moves it to any place', async () => {
    await log.publish('a', 'b', 'c');
    await log.reached(3);
    const subscriber = log.eventx.subscriber({ from: 3 });
    expect(seqsOf(await subscriber.fetch())).toEqual([3]);
    subscriber.seek(1);
    expect(seqsOf(await subscriber.fetch())).toEqual([1, 2, 3]);
    subscriber.seek(5);
    const fetching = subscriber.fetch();
    await log.publish('d', 'e');
    expect(seqsOf(await fetching)).toEqual([5]);
  });
});
