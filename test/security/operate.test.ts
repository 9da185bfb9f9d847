import { describe, expect, test } from '@jest/globals';
import {
  type DeadLetterFilter,
  type DeadLetterSelection,
  EventxOptionsError,
  EventxUsageError,
} from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { type ConsumerApp, startConsumerAppOn } from '../support/consumers/app.js';
import { DATABASES } from '../support/data-sources.js';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from '../support/hostile.js';

const NAMES = ['stock', '__proto__', 'constructor', 'toString', 'a:b@c/d-e.f', 'x'.repeat(128)];

describe.each(DATABASES)('operating consumers with what a request may hold on %s', (database) => {
  const undo = cleanUpAfterEach();

  /** Consumers that have parked their only event. */
  async function start(): Promise<ConsumerApp> {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    for (const name of NAMES) {
      app.consume({
        name,
        afterRetries: 'park',
        retry: { attempts: 1 },
        handle: () => {
          throw new Error('no');
        },
      });
    }
    await app.write('t@k');
    for (const name of NAMES) await app.finished(name);
    return app;
  }

  /** Everything that could have changed. */
  const snapshot = async ({ dataSource }: ConsumerApp) => [
    await dataSource.query<unknown[]>(
      'SELECT consumer, seq, paused, halted FROM eventx_offsets ORDER BY consumer',
    ),
    await dataSource.query<unknown[]>(
      'SELECT consumer, seq FROM eventx_dead_letters ORDER BY consumer, seq',
    ),
  ];

  test('every name that a consumer may have works, also those that JavaScript knows', async () => {
    const app = await start();
    const { consumers, letters } = app;
    expect((await consumers.list()).map(({ name }) => name)).toEqual([...NAMES].sort());
    for (const name of NAMES) {
      await consumers.pause(name);
      expect(await app.became(name, 'paused')).toMatchObject({ name, offset: 1 });
      await consumers.seek(name, 'latest');
      await consumers.resume(name);
      expect(await app.became(name, 'running')).toMatchObject({ name, offset: 1, lag: 0 });
      expect(await letters.list({ consumer: name })).toHaveLength(1);
      expect(await letters.replay({ consumer: name })).toMatchObject({ failed: [{ seq: 1 }] });
      await consumers.remove(name);
      await expect(consumers.get(name)).rejects.toBeInstanceOf(EventxUsageError);
    }
    expect(await letters.list()).toEqual([]);
  });

  test('a name that no consumer has is refused, and no other one is touched', async () => {
    const app = await start();
    const before = await snapshot(app);
    const { consumers } = app;
    for (const given of [...HOSTILE_TEXTS, ...HOSTILE_VALUES]) {
      const name = given as string;
      if (NAMES.includes(name)) continue;
      for (const attempt of [
        () => consumers.get(name),
        () => consumers.pause(name),
        () => consumers.resume(name),
        () => consumers.seek(name, 1),
        () => consumers.reset(name),
        () => consumers.remove(name),
      ]) {
        const error: unknown = await attempt().catch((error: unknown) => error);
        expect(error).toBeInstanceOf(EventxUsageError);
        // It goes into a log.
        expect((error as Error).message).not.toMatch(/[\p{Cc}]/u);
      }
    }
    expect(await snapshot(app)).toEqual(before);
  });

  test('a place to seek that is none is refused', async () => {
    const app = await start();
    const before = await snapshot(app);
    for (const place of [...HOSTILE_TEXTS, ...HOSTILE_VALUES, -1, 1.5, 2 ** 60, new Date(NaN)]) {
      await expect(app.consumers.seek('stock', place as number)).rejects.toThrow(
        EventxOptionsError,
      );
    }
    expect(await snapshot(app)).toEqual(before);
  });

  test('dead letters are not selected by anything but texts, times and numbers', async () => {
    const app = await start();
    const before = await snapshot(app);
    const { letters } = app;
    for (const value of HOSTILE_VALUES.filter((value) => value !== undefined)) {
      for (const name of ['consumer', 'type', 'key', 'since', 'until', 'after', 'sort']) {
        const filter = { [name]: value } as DeadLetterFilter;
        await expect(letters.list(filter)).rejects.toThrow(EventxOptionsError);
      }
    }
    for (const limit of ['10', -1, 0.5, NaN, [5]] as number[]) {
      await expect(letters.list({ limit })).rejects.toThrow(EventxOptionsError);
    }
    for (const value of HOSTILE_VALUES) {
      const selections = [{ consumer: value }, { consumer: 'stock', key: value ?? null }, {}];
      if (value !== 0) selections.push({ id: value } as never);
      for (const selection of selections as DeadLetterSelection[]) {
        await expect(letters.replay(selection)).rejects.toThrow(EventxOptionsError);
        await expect(letters.discard(selection)).rejects.toThrow(EventxOptionsError);
      }
      if (value !== 0)
        await expect(letters.get(value as number)).rejects.toThrow(EventxOptionsError);
    }
    for (const text of HOSTILE_TEXTS) {
      if (NAMES.includes(text)) continue;
      expect(await letters.discard({ consumer: text })).toBe(0);
      expect(await letters.discard({ consumer: 'stock', key: text })).toBe(0);
      expect(await letters.replay({ consumer: text })).toMatchObject({ replayed: 0, failed: [] });
    }
    expect(await snapshot(app)).toEqual(before);
  });
});
