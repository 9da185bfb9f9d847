import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { DATABASES } from '../../support/data-sources.js';
import { seqsOf } from '../../support/stored-events.js';

describe.each(DATABASES)('G10 nothing dropped: parked events on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    return app;
  };

  test('can be listed by consumer, type, key and time, and carry a copy of the event', async () => {
    const app = await start();
    for (const name of ['c', 'd']) {
      app.consume({
        name,
        retry: { attempts: 2 },
        afterRetries: 'park',
        handle: () => {
          throw new Error('no');
        },
      });
    }
    await app.write(
      { type: 'a', key: 'k', data: { total: 7 }, headers: { trace: 't1' } },
      'b@k',
      'b',
    );
    await app.finished('c');
    await app.finished('d');

    const { letters } = app;
    expect(seqsOf(await letters.list())).toEqual([1, 2, 3, 1, 2, 3]);
    expect(seqsOf(await letters.list({ limit: 2 }))).toEqual([1, 2]);
    expect(seqsOf(await letters.list({ consumer: 'd', type: 'b' }))).toEqual([2, 3]);
    expect(seqsOf(await letters.list({ consumer: 'c', key: 'k' }))).toEqual([1, 2]);
    const [first] = await letters.list();
    const { parkedAt } = first!;
    expect(Math.abs(parkedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await letters.list({ until: new Date(0) })).toEqual([]);
    expect(await letters.list({ since: new Date(Date.now() + 1e7) })).toEqual([]);
    expect(
      await letters.list({ since: new Date(0), until: new Date(Date.now() + 1e7) }),
    ).toHaveLength(6);

    // A page after the other, across consumers.
    const pages: number[][] = [];
    for (let page = await letters.list({ limit: 2 }); page.length > 0;) {
      pages.push(seqsOf(page));
      page = await letters.list({ limit: 2, after: page.at(-1)! });
    }
    expect(pages).toEqual([
      [1, 2],
      [3, 1],
      [2, 3],
    ]);
    const behind = { consumer: 'c', seq: 2 };
    expect(seqsOf(await letters.list({ consumer: 'c', after: behind }))).toEqual([3]);
    expect(seqsOf(await letters.list({ consumer: 'd', after: behind }))).toEqual([1, 2, 3]);

    expect(await letters.get(first!.id)).toMatchObject({
      consumer: 'c',
      type: 'a',
      key: 'k',
      reason: 'failed',
      attempts: 2,
      failures: [{ error: 'no' }, { error: 'no' }],
    });
    const original = (await app.eventx.subscriber({ from: 1 }).fetch())[0]!;
    expect(first!.event!.toJSON()).toEqual(original.toJSON());
    expect(await letters.get(999_999)).toBeNull();
  });

  test.each([
    ['plain', {}],
    ['transactional', { transactional: true }],
    ['lanes', { concurrency: 4 }],
    ['transactional lanes', { concurrency: 4, transactional: true }],
    ['batch', { batch: true }],
  ])(
    'with park-key later events of the key wait behind, and the other keys flow (%s)',
    async (_mode, options) => {
      const app = await start();
      const attempts = new Attempts();
      [1, 6].forEach((seq) => attempts.fail(seq));
      app.consume({
        name: 'c',
        types: ['t', 'u'],
        ...options,
        retry: { attempts: 2 },
        afterRetries: 'park-key',
        handle: (events: EventxEvent | readonly EventxEvent[]) =>
          [events].flat().forEach(({ seq }) => attempts.call(seq)),
      });
      // The type "v" is of the same key, but nobody handles it: it does not wait.
      await app.write('t@a', 't@b', 'u@a', 't', 't@b', 't', 'v@a', 't@a', 't@b', 't');
      await app.finished('c');

      const letters = await app.letters.list();
      expect(letters.map(({ seq, key, reason, attempts }) => [seq, key, reason, attempts])).toEqual(
        [
          [1, 'a', 'failed', 2],
          [3, 'a', 'blocked', 0],
          [6, null, 'failed', 2],
          [8, 'a', 'blocked', 0],
        ],
      );
      const fine = [2, 4, 5, 9, 10];
      expect([...new Set(attempts.calls)].sort((x, y) => x - y)).toEqual([1, 2, 4, 5, 6, 9, 10]);
      for (const seq of fine) expect(attempts.count(seq)).toBeGreaterThan(0);
      expect(attempts.calls.filter((seq) => [2, 5, 9].includes(seq))).toEqual(
        expect.arrayContaining([2, 5, 9]),
      );
      for (const seq of [3, 8]) expect(attempts.count(seq)).toBe(0);
    },
  );

  test('a key stays blocked through a restart of the consumer', async () => {
    const app = await start();
    const attempts = new Attempts().fail(1);
    const consume = () =>
      app.consume({
        name: 'c',
        retry: { attempts: 1 },
        afterRetries: 'park-key',
        handle: ({ seq }) => attempts.call(seq),
      });
    const consumer = consume();
    await app.write('t@a');
    await app.finished('c');
    await consumer.close();
    consume();
    await app.write('t@a', 't@b');
    await app.passed('c', 3);
    expect(attempts.calls).toEqual([1, 3]);
    expect(seqsOf(await app.letters.list())).toEqual([1, 2]);
  });
});
