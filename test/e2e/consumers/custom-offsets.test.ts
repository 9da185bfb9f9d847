import { describe, expect, test } from '@jest/globals';
import type { ConsumerOptions, CustomOffsets } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

/** An offset somewhere else. */
class Elsewhere implements CustomOffsets {
  stored: unknown = null;
  saves = 0;
  broken = false;

  load(): Promise<number | null> {
    if (this.broken) return Promise.reject(new Error('the other store is down'));
    return Promise.resolve(this.stored as number | null);
  }

  save(seq: number): Promise<void> {
    if (this.broken) return Promise.reject(new Error('the other store is down'));
    this.saves++;
    this.stored = seq;
    return Promise.resolve();
  }
}

describe.each(DATABASES)('an offset that is kept elsewhere, with a log on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async () => {
      const app = await startConsumerApp(options, {
        options: { consumers: { lease: 400, shutdownTimeout: 100 } },
      });
      undo(() => app.close());
      return app;
    };
  };

  test('is loaded at the start and saved once for several events; nothing of it is in the database', async () => {
    const open = await start();
    const app = await open();
    await app.fill(100);
    const offsets = new Elsewhere();
    const seen: number[] = [];
    app.consume({ name: 'c', offsets, handle: ({ seq }) => void seen.push(seq) });
    await until(() => offsets.stored === 100, { what: 'it to be saved' });
    expect(seen).toEqual(range(1, 100));
    expect(offsets.saves).toBeLessThan(20);
    await app.close();

    const again = await open();
    // As a driver gives a bigint.
    offsets.stored = '97';
    again.consume({
      name: 'c',
      offsets,
      startFrom: 'latest',
      handle: ({ seq }) => void seen.push(seq),
    });
    await until(() => offsets.stored === 100, { what: 'it to be saved' });
    expect(seen.slice(100)).toEqual([98, 99, 100]);
    expect(await again.dataSource.query('SELECT * FROM eventx_offsets')).toEqual([]);
  });

  test('can be operated like any other, and its lag is known', async () => {
    const open = await start();
    const app = await open();
    await app.fill(3);
    const offsets = new Elsewhere();
    const attempts = new Attempts().fail(2);
    app.consume({
      name: 'c',
      offsets,
      retry: { attempts: 1 },
      handle: ({ seq }) => attempts.call(seq),
    });
    expect(await app.became('c', 'halted')).toMatchObject({
      seq: 1,
      lag: 2,
      lastError: expect.stringContaining('no luck'),
    });
    attempts.mend();
    await app.consumers.resume('c');
    await app.finished('c');
    await app.consumers.pause('c');
    await app.consumers.seek('c', 'earliest');
    expect(await app.consumers.get('c')).toMatchObject({ state: 'paused', seq: 0, lag: 3 });
    await app.consumers.resume('c');
    await app.finished('c');
    expect(attempts.calls).toEqual([1, 2, 2, 3, 1, 2, 3]);
  });

  test('while the other store is down its consumer waits, and all others go on', async () => {
    const open = await start();
    const app = await open();
    const offsets = new Elsewhere();
    const seen: number[] = [];
    app.consume({ name: 'c', offsets, handle: ({ seq }) => void seen.push(seq) });
    const never = new Promise<never>(() => undefined);
    app.consume({
      name: 'hangs',
      handle: () => undefined,
      offsets: { load: () => never, save: () => never },
    });
    const others: number[] = [];
    app.consume({ name: 'other', handle: ({ seq }) => void others.push(seq) });
    await app.fill(1);
    await app.finished('other');
    await until(() => offsets.stored === 1, { what: 'it to be saved' });
    const { owner } = await app.consumers.get('other');
    const epoch = async () =>
      (await app.dataSource.query<unknown[]>('SELECT epoch FROM eventx_offsets'))[0];
    const before = await epoch();

    offsets.broken = true;
    const end = performance.now() + 600;
    await until(async () => (await app.fill(1), performance.now() > end), {
      what: 'more than a lease',
    });
    await app.finished('other');
    expect(await app.consumers.get('other')).toMatchObject({ state: 'running', owner });
    // It never lost its lease meanwhile.
    expect(await epoch()).toEqual(before);

    offsets.broken = false;
    const head = app.runner.status.lastSeq!;
    await until(() => offsets.stored === head, { what: 'it to catch up', timeoutMs: 45_000 });
    expect([...new Set(seen)]).toEqual(range(1, head));
    expect(others).toEqual(range(1, head));
  });

  test.each<[string, ConsumerOptions]>([
    ['transactional', { transactional: true }],
    ['parking', { afterRetries: 'park', retry: { attempts: 1 } }],
  ])('cannot be %s: that needs the offset in the log’s database', async (_what, options) => {
    const open = await start();
    const app = await open();
    const declare = () =>
      app.consume({ name: 'c', ...options, offsets: new Elsewhere(), handle: () => undefined });
    expect(declare).toThrow(/keeps its offset itself/);
  });
});
