import { describe, expect, test } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';
import { FollowedLog } from '../support/followed-log.js';
import { take } from '../support/reading.js';
import { range, seqsOf } from '../support/stored-events.js';

describe.each(DATABASES)('G2 total order: a number is never used again on %s', (database) => {
  const later = cleanUpAfterEach();

  test('not after retention emptied the log, while it runs', async () => {
    const log = await FollowedLog.on(database);
    later(() => log.close());
    log.start();
    await log.insert(['a', 'b', 'c']);
    log.runner.signal();
    await log.reached(3);
    expect(await log.table.deleteBefore(100, 100)).toBe(3);
    await log.insert(['d']);
    log.runner.signal();
    const [event] = await take(log.runner.subscriber({ from: 4 }), 1);
    expect(event!.seq).toBe(4);
  });

  test('not after the log was emptied and the process restarted, several times', async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    let seen = 0;
    for (let round = 0; round < 3; round++) {
      const log: TestApp = await startApp(options);
      try {
        expect(log.runner.status.running).toBe(true);
        const subscriber = log.eventx.subscriber({ from: seen + 1 });
        await log.publish('a', 'b');
        const events = await take(subscriber, 2);
        expect(seqsOf(events)).toEqual(range(seen + 1, seen + 2));
        seen += 2;
        await log.dataSource.query('DELETE FROM eventx_events');
      } finally {
        await log.close();
      }
    }
  });

  test('not after the newest event was deleted by hand', async () => {
    const log = await FollowedLog.on(database);
    later(() => log.close());
    log.start();
    await log.insert(['a', 'b']);
    log.runner.signal();
    await log.reached(2);
    await log.dataSource.query('DELETE FROM eventx_events WHERE seq = 2');
    await log.insert(['c']);
    log.runner.signal();
    await log.reached(3);
    const rows = await log.dataSource.query<{ seq: unknown }[]>(
      'SELECT seq FROM eventx_events ORDER BY seq',
    );
    expect(rows.map(({ seq }) => Number(seq))).toEqual([1, 3]);
  });
});
