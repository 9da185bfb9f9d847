import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { Effects } from '../../support/consumers/effects.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { DATABASES } from '../../support/data-sources.js';
import { range, seqsOf } from '../../support/stored-events.js';

describe.each(DATABASES)('G10 nothing dropped: replay of parked events on %s', (database) => {
  const undo = cleanUpAfterEach();

  /** Keys a, b, a, b, a, b; the first of each fails. */
  const start = async (afterRetries: 'park' | 'park-key', transactional = true) => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    const effects = await Effects.in(app.dataSource);
    const attempts = new Attempts().fail(1).fail(2);
    app.consume({
      name: 'c',
      transactional,
      retry: { attempts: 1 },
      afterRetries,
      handle: async ({ seq }: EventxEvent, context: ConsumerContext<EntityManager>) => {
        await effects.add('c', seq, managerOf(context));
        attempts.call(seq);
      },
    });
    await app.write('t@a', 't@b', 't@a', 'u@b', 't@a', 't@b');
    await app.finished('c');
    return { app, effects, attempts };
  };

  test('all of a consumer: in order, each handled once', async () => {
    const { app, effects, attempts } = await start('park-key');
    expect(await effects.seqs('c')).toEqual([]);
    attempts.mend();
    expect(await app.letters.replay({ consumer: 'c' })).toEqual({
      replayed: 6,
      failed: [],
      skipped: 0,
    });
    expect(await effects.seqs('c')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await app.letters.list()).toEqual([]);

    await app.write('t@a');
    await app.passed('c', 7);
    expect(await effects.seqs('c')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('one key: the others stay', async () => {
    const { app, effects, attempts } = await start('park-key');
    attempts.mend();
    expect(await app.letters.replay({ consumer: 'c', key: 'b' })).toMatchObject({ replayed: 3 });
    expect(await effects.seqs('c')).toEqual([2, 4, 6]);
    expect(seqsOf(await app.letters.list())).toEqual([1, 3, 5]);
  });

  test('one letter, with the number of its attempt; not ahead of an older one of its key', async () => {
    const { app, effects, attempts } = await start('park-key');
    attempts.mend();
    const [first, , third] = await app.letters.list();
    await expect(app.letters.replay({ id: third!.id })).rejects.toThrow(/waits behind/);
    expect(await app.letters.replay({ id: first!.id })).toMatchObject({ replayed: 1 });
    expect(await effects.seqs('c')).toEqual([1]);
    await expect(app.letters.replay({ id: first!.id })).rejects.toThrow(/no dead letter/);
  });

  test('one type: not ahead of an older event of its key', async () => {
    const { app, effects, attempts } = await start('park-key');
    attempts.mend();
    const skipped = await app.letters.replay({ consumer: 'c', type: 'u' });
    expect(skipped).toEqual({ replayed: 0, failed: [], skipped: 1 });
    expect(await effects.seqs('c')).toEqual([]);
  });

  test('one that fails again stays, with its history, and holds up its key only', async () => {
    const { app, effects, attempts } = await start('park-key');
    attempts.mend();
    attempts.fail(3);
    const { replayed, failed, skipped } = await app.letters.replay({ consumer: 'c' });
    expect({ replayed, skipped }).toEqual({ replayed: 4, skipped: 1 });
    expect(failed).toEqual([{ id: expect.any(Number), seq: 3, error: 'no luck with 3' }]);
    expect(await effects.seqs('c')).toEqual([1, 2, 4, 6]);
    const left = await app.letters.list();
    expect(left.map(({ seq, reason, attempts }) => [seq, reason, attempts])).toEqual([
      [3, 'failed', 1],
      [5, 'blocked', 0],
    ]);
    expect(left[0]!.failures).toEqual([expect.objectContaining({ error: 'no luck with 3' })]);

    attempts.mend();
    expect(await app.letters.replay({ consumer: 'c' })).toMatchObject({ replayed: 2 });
    expect(await effects.seqs('c')).toEqual([1, 2, 4, 6, 3, 5]);
  });

  test('without keys in play, one that fails holds up nobody', async () => {
    const { app, attempts } = await start('park', false);
    expect(seqsOf(await app.letters.list())).toEqual([1, 2]);
    attempts.mend();
    attempts.fail(1);
    const result = await app.letters.replay({ consumer: 'c' });
    expect(result).toMatchObject({ replayed: 1, failed: [{ seq: 1 }], skipped: 0 });
  });

  test('discarding: one letter, or a selection, is gone unhandled', async () => {
    const { app, effects } = await start('park-key');
    const [first] = await app.letters.list();
    expect(await app.letters.discard({ id: first!.id })).toBe(1);
    expect(await app.letters.discard({ id: first!.id })).toBe(0);
    expect(await app.letters.discard({ consumer: 'c', key: 'a' })).toBe(2);
    expect(await app.letters.discard({ consumer: 'nobody' })).toBe(0);
    expect(seqsOf(await app.letters.list())).toEqual([2, 4, 6]);
    expect(await effects.seqs('c')).toEqual([]);
    // The key is free again.
    await app.write('t@a');
    await app.passed('c', 7);
    expect(await effects.seqs('c')).toEqual([7]);
  });

  test('more than are read at once: each once, in order, and more than that are discarded', async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    const attempts = new Attempts();
    range(1, 250).forEach((seq) => attempts.fail(seq));
    app.consume({
      name: 'c',
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: ({ seq }) => attempts.call(seq),
    });
    await app.fill(250);
    await app.finished('c');
    attempts.mend();
    range(1, 130).forEach((seq) => attempts.fail(seq));
    attempts.calls.length = 0;
    const { replayed, failed } = await app.letters.replay({ consumer: 'c' });
    expect(attempts.calls).toEqual(range(1, 250));
    expect(replayed).toBe(120);
    expect(seqsOf(failed)).toEqual(range(1, 130));
    expect(await app.letters.discard({ consumer: 'c' })).toBe(130);
    expect(await app.letters.list()).toEqual([]);
  });

  test('the letter outlives its event', async () => {
    const { app, effects, attempts } = await start('park-key');
    await app.dataSource.query('DELETE FROM eventx_events');
    attempts.mend();
    expect(await app.letters.replay({ consumer: 'c' })).toMatchObject({ replayed: 6 });
    expect(await effects.seqs('c')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('letters of a consumer that is not declared here cannot be replayed', async () => {
    const { app } = await start('park');
    await app.dataSource.query("UPDATE eventx_dead_letters SET consumer = 'elsewhere'");
    await expect(app.letters.replay({ consumer: 'elsewhere' })).rejects.toThrow(/not declared/);
  });
});
