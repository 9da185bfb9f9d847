import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { EventxEventEntity } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { take, typesAfter } from '../support/reading.js';

describe.each(DATABASES)('G1 atomic: events saved as entities on %s', (database) => {
  let log: TestApp;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());

  const entity = (type: string) =>
    Object.assign(new EventxEventEntity(), { type, data: Buffer.from('{"a":1}') });

  test('arrive like published ones', async () => {
    const subscriber = log.eventx.subscriber({ from: log.runner.status.lastSeq! + 1 });
    const saved = Object.assign(entity('saved'), { key: 'k', headers: { trace: 'ü' } });
    await log.dataSource.manager.save(saved);
    const [event] = await take(subscriber, 1);
    expect(event).toMatchObject({ type: 'saved', key: 'k', uuid: saved.uuid, id: saved.id });
    expect(event!.data).toEqual({ a: 1 });
    expect(event!.headers).toEqual({ trace: 'ü' });
  });

  test.each<[string, (manager: EntityManager) => Promise<unknown>]>([
    ['manager.save', (manager) => manager.save(entity('x'))],
    ['manager.save of several', (manager) => manager.save([entity('x'), entity('y')])],
    ['manager.insert', (manager) => manager.insert(EventxEventEntity, entity('x'))],
    ['repository.save', (manager) => manager.getRepository(EventxEventEntity).save(entity('x'))],
    [
      'repository.insert',
      (manager) => manager.getRepository(EventxEventEntity).insert(entity('x')),
    ],
  ])(
    '%s wakes the runner after the commit, never before and never after a rollback',
    async (_, save) => {
      const before = log.runner.status.lastSeq!;
      const signal = jest.spyOn(log.runner, 'signal');
      try {
        await log.dataSource.transaction(async (manager) => {
          await save(manager);
          expect(signal).not.toHaveBeenCalled();
        });
        expect(signal).toHaveBeenCalledTimes(1);
        await log.reached(before + 1);

        signal.mockClear();
        const rolledBack = log.dataSource.transaction(async (manager) => {
          await save(manager);
          throw new Error('changed my mind');
        });
        await expect(rolledBack).rejects.toThrow('changed my mind');
        expect(signal).not.toHaveBeenCalled();
      } finally {
        signal.mockRestore();
      }
    },
  );

  test.each<[string, (manager: EntityManager) => Promise<unknown>]>([
    ['manager.save', (manager) => manager.save(entity('x'))],
    ['manager.insert', (manager) => manager.insert(EventxEventEntity, entity('x'))],
  ])('%s outside of a transaction wakes the runner', async (_, save) => {
    const before = log.runner.status.lastSeq!;
    await save(log.dataSource.manager);
    await log.reached(before + 1);
  });

  test('those of a savepoint that is rolled back are gone, and wake nobody', async () => {
    const before = log.runner.status.lastSeq!;
    const signal = jest.spyOn(log.runner, 'signal');
    await log.dataSource.transaction(async (outer) => {
      const inner = outer.transaction(async (manager) => {
        await manager.save(entity('x'));
        throw new Error('changed my mind');
      });
      await expect(inner).rejects.toThrow('changed my mind');
    });
    expect(signal).not.toHaveBeenCalled();
    signal.mockRestore();
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('can be queried, with the number that the runner gave', async () => {
    const before = log.runner.status.lastSeq!;
    await log.dataSource.manager.save(entity('found'));
    await log.reached(before + 1);
    const found = await log.dataSource.manager.findOneByOrFail(EventxEventEntity, {
      type: 'found',
    });
    expect(found.seq).toBe(before + 1);
    expect(found.data).toEqual(Buffer.from('{"a":1}'));
    expect(Math.abs(found.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('saving one again gives it no number and takes none away', async () => {
    const before = log.runner.status.lastSeq!;
    const saved = await log.dataSource.manager.save(entity('again'));
    await log.reached(before + 1);
    await log.dataSource.manager.save(Object.assign(saved, { seq: 999, key: 'changed' }));
    const [event] = await take(log.eventx.subscriber({ from: before + 1 }), 1);
    expect(event).toMatchObject({ seq: before + 1, type: 'again' });
    const [row] = await log.dataSource.query<{ seq: unknown }[]>(
      'SELECT seq FROM eventx_events WHERE id = ?',
      [saved.id],
    );
    expect(Number(row!.seq)).toBe(before + 1);
  });
});
