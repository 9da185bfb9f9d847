import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EventxEvent, NoTransactionError } from 'nestjs-eventx';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';

describe.each(DATABASES)('G1 atomic: publish on %s', (database) => {
  let log: TestApp;
  beforeAll(async () => {
    log = await startAppOn(database);
  });
  afterAll(() => log.close());

  test('an event is delivered after its transaction committed, without a poll or a signal', async () => {
    const subscriber = log.eventx.subscriber({ from: 1 });
    const published = await log.dataSource.transaction((manager) =>
      log.eventx.publish(manager, {
        type: 'order.placed',
        key: 'o-1',
        data: { total: 12, items: ['ä', '🎁'] },
        headers: { trace: 't1' },
      }),
    );
    const [event] = await subscriber.fetch();
    expect(event).toMatchObject({ seq: 1, type: 'order.placed', key: 'o-1', uuid: published.uuid });
    expect((event as EventxEvent<{ total: number }>).data).toEqual({
      total: 12,
      items: ['ä', '🎁'],
    });
    expect(event!.headers).toEqual({ trace: 't1' });
    expect(Math.abs(event!.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('a rolled-back transaction leaves nothing', async () => {
    const before = log.runner.status.lastSeq!;
    await expect(
      log.dataSource.transaction(async (manager) => {
        await log.eventx.publish(manager, { type: 'never' });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await log.publish('after');
    await log.reached(before + 1);
    const [event] = await log.eventx.subscriber({ from: before + 1 }).fetch();
    expect(event!.type).toBe('after');
  });

  test('publish refuses a manager without an open transaction', async () => {
    await expect(
      log.eventx.publish(log.dataSource.manager, { type: 'lost' }),
    ).rejects.toBeInstanceOf(NoTransactionError);
  });
});
