import { describe, expect, test } from '@jest/globals';
import {
  type ConsumerOptions,
  type CustomOffsets,
  type EventxModuleOptions,
  EventxOptionsError,
  EventxUsageError,
} from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { Gate } from '../../support/consumers/gate.js';
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
    return async (more: EventxModuleOptions = {}) => {
      const app = await startConsumerApp(options, {
        options: { consumers: { lease: 400, shutdownTimeout: 100 }, ...more },
      });
      undo(() => app.close());
      return app;
    };
  };

  test('is loaded at the start and saved once for several events', async () => {
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
      offset: 1,
      lag: 2,
      lastError: expect.stringContaining('no luck'),
    });
    attempts.mend();
    await app.consumers.resume('c');
    await app.finished('c');
    await app.consumers.pause('c');
    await app.consumers.seek('c', 'earliest');
    expect(await app.consumers.get('c')).toMatchObject({ state: 'paused', offset: 0, lag: 3 });
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
      (
        await app.dataSource.query<unknown[]>(
          "SELECT epoch FROM eventx_offsets WHERE consumer = 'other'",
        )
      )[0];
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

  test('other processes see how far it is, and their retention waits for it, while it runs and after it', async () => {
    const open = await start();
    const app = await open();
    const operator = await open({ run: false, retention: { maxTotalEvents: 0 } });
    await app.fill(10);
    const offsets = new Elsewhere();
    offsets.stored = 3;
    const gate = new Gate();
    app.consume({ name: 'c', offsets, handle: () => gate.pass() });
    await gate.arrived();
    expect(await operator.consumers.list()).toMatchObject([
      { name: 'c', state: 'running', offset: 3, lag: 7, owner: expect.any(String) },
    ]);
    // It says what it knows itself, and once.
    expect(await app.consumers.list()).toMatchObject([{ name: 'c', state: 'running', offset: 3 }]);
    expect(await operator.retention.runOnce()).toMatchObject({ deleted: 3, heldBackBy: ['c'] });

    gate.open();
    await until(async () => (await operator.consumers.get('c')).offset === 10, {
      what: 'it to be noted',
    });
    expect(offsets.stored).toBe(10);
    await app.fill(2);
    await until(() => offsets.stored === 12, { what: 'it to be saved' });
    await app.close();
    expect(await operator.consumers.get('c')).toMatchObject({ state: 'waiting', offset: 12 });

    const writer = await open({ run: ['sequence'] });
    await writer.fill(3);
    expect(await operator.retention.runOnce()).toMatchObject({ deleted: 9, heldBackBy: ['c'] });
    for (const operate of [
      () => operator.consumers.pause('c'),
      () => operator.consumers.resume('c'),
      () => operator.consumers.seek('c', 'latest'),
    ]) {
      await expect(operate()).rejects.toThrow(EventxUsageError);
      await expect(operate()).rejects.toThrow(/keeps its offset itself/);
    }
    await operator.consumers.remove('c');
    expect(await operator.retention.runOnce()).toMatchObject({ deleted: 3, heldBackBy: [] });
  });

  test('what the other store says is what counts, also when that is further back than before', async () => {
    const open = await start();
    const app = await open({ retention: { maxTotalEvents: 0 } });
    await app.fill(10);
    const offsets = new Elsewhere();
    const seen: number[] = [];
    const consume = () =>
      app.consume({ name: 'c', offsets, handle: ({ seq }) => void seen.push(seq) });
    const first = consume();
    await until(() => offsets.stored === 10, { what: 'it to be saved' });
    await first.close();
    // Restored from a backup.
    offsets.stored = 6;
    seen.length = 0;
    const second = consume();
    await until(() => offsets.stored === 10, { what: 'it to be saved' });
    expect(seen).toEqual([7, 8, 9, 10]);

    await expect(app.consumers.remove('c')).rejects.toThrow(/is declared here: end it first/);
    await second.close();
    await app.consumers.remove('c');
    expect(await app.consumers.list()).toEqual([]);
  });

  test('one in memory only is nobody else’s business', async () => {
    const open = await start();
    const app = await open();
    await app.fill(2);
    const seen: number[] = [];
    app.consume({ name: 'c', broadcast: true, handle: ({ seq }) => void seen.push(seq) });
    await until(() => seen.length === 2, { what: 'it to handle them' });
    const operator = await open({ run: false });
    expect(await operator.consumers.list()).toEqual([]);
  });

  test.each<[object, RegExp]>([
    [{ offsets: {} }, /Consumer "c": option "offsets" must have two functions: load\(\)/],
    [{ offsets: { load: () => Promise.resolve(1) } }, /"offsets" must have two functions/],
    [{ offsets: 'redis' }, /"offsets" must have two functions/],
    [{ offsets: new Elsewhere(), broadcast: true }, /"broadcast" and "offsets" exclude each other/],
    [{ broadcast: 'yes' }, /Consumer "c": option "broadcast" must be true or false/],
    [{ handle: undefined, types: 'a', handlers: [] }, /"types" is for "handle"/],
    [{ handlers: { types: 'a' } }, /"handlers" must be a list/],
  ])('%j is refused', async (options, message) => {
    const open = await start();
    const app = await open();
    const declare = () => app.consume({ name: 'c', handle: () => undefined, ...options });
    expect(declare).toThrow(EventxOptionsError);
    expect(declare).toThrow(message);
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
