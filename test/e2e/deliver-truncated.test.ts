import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LogTruncatedError } from 'nestjs-eventx';
import { firstValueFrom, lastValueFrom } from 'rxjs';

import { DATABASES } from '../support/data-sources.js';
import { FollowedLog } from '../support/followed-log.js';
import { take } from '../support/reading.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];

describe.each(DATABASES)('G8 truncation: a log that moved back on %s', (database) => {
  let log: FollowedLog;
  beforeEach(async () => {
    log = await FollowedLog.on(database, { windowSize: 1 });
    log.start();
    await log.insert(SIX);
    log.runner.signal();
    await log.reached(6);
  });
  afterEach(() => log.close());

  /** As a backup that was made when the log ended at `lastSeq`. */
  async function restore(lastSeq: number): Promise<void> {
    await log.dataSource.query('DELETE FROM eventx_events WHERE seq > ? OR seq IS NULL', [lastSeq]);
    await log.dataSource.query('UPDATE eventx_state SET last_seq = ?', [lastSeq]);
    log.runner.signal();
  }

  /** All is gone, and ids begin anew where the database does so. */
  async function truncate(): Promise<void> {
    await log.dataSource.query(
      database === 'sqlite' ? 'DELETE FROM eventx_events' : 'TRUNCATE eventx_events',
    );
    await log.dataSource.query('UPDATE eventx_state SET last_seq = 0');
    log.runner.signal();
  }

  const expectTruncated = async (fetching: Promise<unknown>, position: number, lastSeq: number) => {
    const error: unknown = await fetching.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LogTruncatedError);
    expect(error).toMatchObject({ code: 'EVENTX_LOG_TRUNCATED', position, lastSeq });
  };

  test.each([
    ['TRUNCATE', truncate, 0],
    ['a restored backup', () => restore(4), 4],
  ])(
    '%s reaches whoever waits as an error, and whoever comes later, until they seek',
    async (_, moveBack, end) => {
      const subscriber = log.runner.subscriber({ from: 7 });
      const behind = log.runner.subscriber({ from: 2, fetchLimit: 1 });
      expect(seqsOf(await behind.fetch())).toEqual([2]);
      const waiting = subscriber.fetch();
      await moveBack();
      await expectTruncated(waiting, 7, end);
      await expectTruncated(subscriber.fetch(), 7, end);
      await expectTruncated(behind.fetch(), 3, end);
      expect(subscriber.nextSeq).toBe(7);

      subscriber.seek(end + 1);
      await log.insert(['new']);
      log.runner.signal();
      const [event] = await subscriber.fetch();
      expect(event!.seq).toBe(end + 1);
      expect((await log.types()).at(-1)).toBe('new');
    },
  );

  test('it is noticed although new events came first', async () => {
    const subscriber = log.runner.subscriber({ from: 7 });
    const waiting = subscriber.fetch();
    await log.dataSource.query('DELETE FROM eventx_events WHERE seq > 2');
    await log.dataSource.query('UPDATE eventx_state SET last_seq = 2');
    await log.insert(['x', 'y']);
    log.runner.signal();
    await expectTruncated(waiting, 7, 2);
    await log.reached(4);
    subscriber.seek(3);
    expect(seqsOf(await subscriber.fetch())).toEqual([3, 4]);
    expect(await log.types()).toEqual(['a', 'b', 'x', 'y']);
  });

  test('it is noticed by another identity, wherever it ends', async () => {
    const waiting = log.runner.subscriber({ from: 7 }).fetch();
    await log.dataSource.query("UPDATE eventx_state SET epoch = 'another log', last_seq = 60");
    log.runner.signal();
    await expectTruncated(waiting, 7, 60);
  });

  test('those who subscribe afterwards see nothing of it', async () => {
    const waiting = log.runner.subscriber({ from: 7 }).fetch();
    await restore(3);
    await expectTruncated(waiting, 7, 3);
    expect(seqsOf(await log.runner.subscriber({ from: 'earliest' }).fetch())).toEqual([1, 2, 3]);
    const next = log.runner.subscriber({ from: 4 });
    await log.insert(['new']);
    log.runner.signal();
    expect(seqsOf(await next.fetch())).toEqual([4]);
  });

  test('streams and loops end with the error', async () => {
    const stream = firstValueFrom(log.runner.subscriber({ from: 7 }).events$());
    const loop = log.runner.subscriber({ from: 7 }).events().next();
    const ended = Promise.all([expectTruncated(stream, 7, 3), expectTruncated(loop, 7, 3)]);
    await restore(3);
    await ended;
  });

  test('nothing that was read of the table before is handed out afterwards', async () => {
    await log.insert(['pushes the others out of memory']);
    log.runner.signal();
    await log.reached(7);
    const behind = log.runner.subscriber({ from: 1, fetchLimit: 2 });
    expect(seqsOf(await behind.fetch())).toEqual([1, 2]);

    await restore(2);
    await until(() => log.runner.status.lastSeq === 2, { what: 'the runner to notice' });
    await log.insert(['x', 'y', 'z']);
    log.runner.signal();
    await log.reached(5);
    await log.insert(['pushes them out']);
    log.runner.signal();
    await log.reached(6);

    behind.seek(3);
    const ids = (await take(behind, 3)).map(({ id }) => id);
    const rows = await log.dataSource.query<{ id: unknown }[]>(
      'SELECT id FROM eventx_events WHERE seq BETWEEN 3 AND ? ORDER BY seq',
      [ids.length + 2],
    );
    expect(ids).toEqual(rows.map(({ id }) => Number(id)));
  });

  test('a stream whose handler was busy meanwhile ends with the error, too', async () => {
    let finish!: () => void;
    const busy = new Promise<void>((resolve) => (finish = resolve));
    const handled: number[] = [];
    const stream = log.runner.subscriber({ from: 1, fetchLimit: 3 }).events$(async ({ seq }) => {
      handled.push(seq);
      if (seq === 2) await busy;
    });
    const ended = expectTruncated(lastValueFrom(stream), 4, 1);
    await until(() => handled.length === 2, { what: 'the busy handler' });
    await restore(1);
    await until(() => log.runner.status.lastSeq === 1, { what: 'the runner to notice' });
    finish();
    await ended;
    expect(handled).toEqual([1, 2, 3]);
  });

  test('an emptied table alone is retention, not a truncation', async () => {
    const subscriber = log.runner.subscriber({ from: 7 });
    const waiting = subscriber.fetch();
    await log.dataSource.query('DELETE FROM eventx_events');
    await log.insert(['g']);
    log.runner.signal();
    expect(seqsOf(await waiting)).toEqual([7]);
  });
});
