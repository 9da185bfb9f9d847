import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { EntityManager } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';

describe.each(DATABASES)('G1 atomic: savepoints on %s', (database) => {
  let log: TestApp;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());

  const publish = (manager: EntityManager, type: string) => log.eventx.publish(manager, { type });
  const failing = async (work: Promise<unknown>) => {
    await expect(work).rejects.toThrow('changed my mind');
  };

  /** Runs a transaction. @returns the types of the events that it left */
  async function committed(work: (manager: EntityManager) => Promise<unknown>): Promise<string[]> {
    const before = log.runner.status.lastSeq!;
    await log.dataSource.transaction(work);
    return typesAfter(log, before);
  }

  test('of a nested transaction that is rolled back nothing is left, of the one around it everything', async () => {
    const types = await committed(async (outer) => {
      await publish(outer, 'a');
      await failing(
        outer.transaction(async (inner) => {
          await publish(inner, 'b');
          throw new Error('changed my mind');
        }),
      );
      await publish(outer, 'c');
    });
    expect(types).toEqual(['a', 'c']);
  });

  test('events of all levels keep their order', async () => {
    const types = await committed(async (outer) => {
      await publish(outer, 'a');
      await outer.transaction(async (inner) => {
        await publish(inner, 'b');
        await inner.transaction((innermost) => publish(innermost, 'c'));
        await publish(inner, 'd');
      });
      await publish(outer, 'e');
      await outer.transaction((inner) => publish(inner, 'f'));
    });
    expect(types).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('a rollback takes the committed levels inside with it', async () => {
    const types = await committed(async (outer) => {
      await publish(outer, 'a');
      await failing(
        outer.transaction(async (inner) => {
          await publish(inner, 'b');
          await inner.transaction((innermost) => publish(innermost, 'c'));
          throw new Error('changed my mind');
        }),
      );
      await outer.transaction((inner) => publish(inner, 'd'));
    });
    expect(types).toEqual(['a', 'd']);
  });

  test('a nested transaction that committed is nothing when the one around it is rolled back', async () => {
    const before = log.runner.status.lastSeq!;
    const signal = jest.spyOn(log.runner, 'signal');
    await failing(
      log.dataSource.transaction(async (outer) => {
        await outer.transaction((inner) => publish(inner, 'b'));
        throw new Error('changed my mind');
      }),
    );
    expect(signal).not.toHaveBeenCalled();
    signal.mockRestore();
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('the runner is signalled once, after the outermost commit', async () => {
    const signal = jest.spyOn(log.runner, 'signal');
    await log.dataSource.transaction(async (outer) => {
      await outer.transaction((inner) => publish(inner, 'a'));
      await outer.transaction((inner) => publish(inner, 'b'));
      expect(signal).not.toHaveBeenCalled();
    });
    expect(signal).toHaveBeenCalledTimes(1);
    signal.mockRestore();
  });

  test('a transaction whose only events were rolled back signals nobody', async () => {
    const signal = jest.spyOn(log.runner, 'signal');
    await log.dataSource.transaction(async (outer) => {
      await failing(
        outer.transaction(async (inner) => {
          await publish(inner, 'a');
          throw new Error('changed my mind');
        }),
      );
    });
    expect(signal).not.toHaveBeenCalled();
    signal.mockRestore();
  });
});
