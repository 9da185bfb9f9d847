import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventNotFoundError } from 'nestjs-eventx';
import { firstValueFrom } from 'rxjs';

import { FollowedLog } from '../support/followed-log.js';
import { DATABASES } from '../support/data-sources.js';
import { range, seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('G4 no skip: a subscriber behind retention on %s', (database) => {
  let log: FollowedLog;
  beforeEach(async () => {
    log = await FollowedLog.on(database, { windowSize: 1, batchSize: 5 });
    log.start();
    for (let round = 1; round <= 3; round++) {
      await log.insert(['a', 'b', 'c', 'd', 'e']);
      log.runner.signal();
      await log.reached(round * 5);
    }
  });
  afterEach(() => log.close());

  const errorOf = (fetching: Promise<unknown>) =>
    fetching.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('is told that its event is gone, and which is the next, as often as it asks', async () => {
    await log.table.deleteBefore(7, 100);
    const subscriber = log.runner.subscriber({ from: 3 });
    for (let times = 0; times < 3; times++) {
      const error = await errorOf(subscriber.fetch());
      expect(error).toBeInstanceOf(EventNotFoundError);
      expect(error).toMatchObject({ code: 'EVENTX_EVENT_NOT_FOUND', seq: 3, nextAvailable: 7 });
      expect(subscriber.nextSeq).toBe(3);
    }
    subscriber.seek(7);
    expect(seqsOf(await subscriber.fetch())).toEqual(range(7, 15));
  });

  test('is told so at the hole, after all that comes before it', async () => {
    await log.dataSource.query('DELETE FROM eventx_events WHERE seq IN (9, 10)');
    const subscriber = log.runner.subscriber({ from: 3, fetchLimit: 4 });
    expect(seqsOf(await subscriber.fetch())).toEqual(range(3, 6));
    expect(seqsOf(await subscriber.fetch())).toEqual([7, 8]);
    expect(await errorOf(subscriber.fetch())).toMatchObject({ seq: 9, nextAvailable: 11 });
  });

  test('is told that nothing is left when the table is empty', async () => {
    await log.table.deleteBefore(100, 100);
    const error = await errorOf(log.runner.subscriber({ from: 3 }).fetch());
    expect(error).toMatchObject({ seq: 3, nextAvailable: null });
    expect((error as Error).message).toMatch(/Subscribe from 'latest'/);
  });

  test('is no concern of those at the head', async () => {
    const subscriber = log.runner.subscriber({ from: 16 });
    const waiting = subscriber.fetch();
    await log.table.deleteBefore(100, 100);
    await errorOf(log.runner.subscriber({ from: 3 }).fetch());
    await log.insert(['f']);
    log.runner.signal();
    expect(seqsOf(await waiting)).toEqual([16]);
  });

  test('as a stream fails with that error', async () => {
    await log.table.deleteBefore(7, 100);
    const stream = log.runner.subscriber({ from: 3 }).events$();
    await expect(firstValueFrom(stream)).rejects.toMatchObject({ seq: 3, nextAvailable: 7 });
  });

  test('as a loop fails with that error', async () => {
    await log.table.deleteBefore(7, 100);
    const next = log.runner.subscriber({ from: 3 }).events().next();
    await expect(next).rejects.toMatchObject({ seq: 3, nextAvailable: 7 });
  });
});
