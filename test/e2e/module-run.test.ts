import { describe, expect, test } from '@jest/globals';
import { EventxUsageError } from 'nestjs-eventx';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe.each(DATABASES)('which process runs the log on %s', (database) => {
  const later = cleanUpAfterEach();

  const start = async (options: NonNullable<Parameters<typeof startApp>[1]>['options']) => {
    const { options: connection, remove } = await emptyDatabase(database);
    later(remove);
    const log = await startApp(connection, { options });
    later(() => log.close());
    return { log, connection };
  };

  test('the module starts the runner, and a second run is refused', async () => {
    const { log } = await start({});
    expect(log.runner.status.running).toBe(true);
    const again = log.runner.run(new AbortController().signal);
    await expect(again).rejects.toBeInstanceOf(EventxUsageError);
  });

  test('with "run: false" it does not; publishing works, and events wait for one that does', async () => {
    const { log, connection } = await start({ run: false });
    expect(log.runner.status).toMatchObject({ running: false, lastSeq: null });
    await log.publish('a', 'b');

    const runner = await startApp(connection);
    later(() => runner.close());
    expect(seqsOf(await take(runner.eventx.subscriber({ from: 1 }), 2))).toEqual([1, 2]);
    expect(log.runner.status).toMatchObject({ running: false, lastSeq: null });
  });

  test('with "run: false" the application runs it itself, for as long as it wants', async () => {
    const { log } = await start({ run: false });
    await log.publish('a');
    const stop = new AbortController();
    later(() => stop.abort());
    const running = log.runner.run(stop.signal);
    await log.reached(1);
    stop.abort();
    await running;
    expect(log.runner.status.running).toBe(false);
    await log.publish('b');
    expect(log.runner.status.lastSeq).toBe(1);
  });

  test('with "run: [\'consume\']" it follows what others number, and numbers nothing', async () => {
    const { log, connection } = await start({ run: ['consume'], pollInterval: 5 });
    await log.publish('a');
    await until(() => log.runner.status.lastSeq === 0, { what: 'a look at the log' });
    const subscriber = log.eventx.subscriber({ from: 1 });
    const waiting = take(subscriber, 1);
    const [row] = await log.dataSource.query<{ seq: unknown }[]>('SELECT seq FROM eventx_events');
    expect(row!.seq).toBeNull();

    const runner = await startApp(connection);
    later(() => runner.close());
    expect(seqsOf(await waiting)).toEqual([1]);
  });

  test('two processes that run it share the work, and both see everything', async () => {
    const { log, connection } = await start({ pollInterval: 5 });
    const other = await startApp(connection, { options: { pollInterval: 5 } });
    later(() => other.close());
    const readers = [log, other].map(({ eventx }) => take(eventx.subscriber({ from: 1 }), 200));
    for (let round = 0; round < 50; round++) {
      await Promise.all([log.publish('a', 'b'), other.publish('c', 'd')]);
    }
    const [first, second] = await Promise.all(readers);
    expect(seqsOf(first!)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(second!.map(({ uuid }) => uuid)).toEqual(first!.map(({ uuid }) => uuid));
  });
});
