import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';
import { concatMap, firstValueFrom, lastValueFrom, of, retry, take, toArray } from 'rxjs';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe.each(DATABASES)('G4 no skip: events as an Observable on %s', (database) => {
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

  const all = () => range(before + 1, before + 10);

  test('are cold: each subscription begins where the options say', async () => {
    const stream = log.eventx
      .events$({ from: before + 1, fetchLimit: 3 })
      .pipe(take(10), toArray());
    expect(seqsOf(await lastValueFrom(stream))).toEqual(all());
    expect(seqsOf(await lastValueFrom(stream))).toEqual(all());
  });

  test('come in batches within the limits', async () => {
    const stream = log.eventx
      .batches$({ from: before + 1, fetchLimit: 4 })
      .pipe(take(3), toArray());
    const batches = await lastValueFrom(stream);
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(seqsOf(batches.flat())).toEqual(all());
  });

  test('that a handler takes one at a time give what it gives, in order', async () => {
    let busy = 0;
    const handle = async ({ seq }: EventxEvent) => {
      expect(++busy).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      busy--;
      return seq * 2;
    };
    const stream = log.eventx.events$({ from: before + 1, fetchLimit: 3 }, handle);
    const results = await lastValueFrom(stream.pipe(take(10), toArray()));
    expect(results).toEqual(all().map((seq) => seq * 2));
  });

  test('left by take go on behind the last one that was emitted', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    const three = await lastValueFrom(subscriber.events$().pipe(take(3), toArray()));
    expect(seqsOf(three)).toEqual(all().slice(0, 3));
    expect(subscriber.nextSeq).toBe(before + 4);
    const rest = await lastValueFrom(subscriber.events$().pipe(take(7), toArray()));
    expect(seqsOf(rest)).toEqual(all().slice(3));
  });

  test('come again after a handler failed, from the one that failed', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1, fetchLimit: 6 });
    const tries: number[] = [];
    const stream = subscriber.events$(({ seq }) => {
      tries.push(seq);
      if (seq === before + 4 && tries.length < 6) throw new Error('failed');
      return of(seq);
    });
    const results = await lastValueFrom(
      stream.pipe(retry({ count: 5, delay: 0 }), take(10), toArray()),
    );
    expect(results).toEqual(all());
    const four = before + 4;
    expect(tries).toEqual([
      ...range(before + 1, four),
      four,
      four,
      ...range(four + 1, before + 10),
    ]);
  });

  test('in batches come again after a handler failed, from the first of the batch', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1, fetchLimit: 5 });
    let failures = 0;
    const stream = subscriber.batches$((batch) => {
      if (batch[0]!.seq > before + 5 && failures++ < 2) throw new Error('failed');
      return of(seqsOf(batch));
    });
    const batches = await lastValueFrom(stream.pipe(retry(5), take(2), toArray()));
    expect(batches.flat()).toEqual(all());
    expect(failures).toBe(3);
  });

  test('handled when the stream is left in the middle of one come again', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 1 });
    const never = subscriber.events$(({ seq }) =>
      seq === before + 3 ? new Promise(() => {}) : of(seq),
    );
    const subscription = never.subscribe();
    await until(() => subscriber.nextSeq === before + 3, { what: 'the third event' });
    subscription.unsubscribe();
    const [next] = await subscriber.fetch();
    expect(next!.seq).toBe(before + 3);
  });

  test('whose stream is left while it waits leave the subscriber free for another', async () => {
    const subscriber = log.eventx.subscriber({ from: before + 11 });
    subscriber.events$().subscribe().unsubscribe();
    const next = firstValueFrom(subscriber.events$());
    await log.publish('next');
    expect((await next).seq).toBe(before + 11);
  });

  test('fit the operators of rxjs', async () => {
    const types = log.eventx.events$({ from: before + 1 }).pipe(
      concatMap(({ type }) => of(type)),
      take(10),
      toArray(),
    );
    expect((await lastValueFrom(types)).join('')).toBe('abcdefghij');
  });
});
