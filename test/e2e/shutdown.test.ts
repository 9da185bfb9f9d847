import { describe, expect, test } from '@jest/globals';
import { EventxClosedError } from 'nestjs-eventx';
import { lastValueFrom, toArray } from 'rxjs';

import { startApp } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe.each(DATABASES)('when the application shuts down on %s', (database) => {
  const later = cleanUpAfterEach();

  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    return { options, log: await startApp(options) };
  };

  test('a fetch that waits rejects with EventxClosedError, and so do later ones', async () => {
    const { log } = await start();
    const subscriber = log.eventx.subscriber({ from: 1 });
    const fetching = expect(subscriber.fetch()).rejects.toBeInstanceOf(EventxClosedError);
    await log.close();
    await fetching;
    await expect(subscriber.fetch()).rejects.toMatchObject({ code: 'EVENTX_CLOSED' });
  });

  test('loops end, and Observables complete, without an error', async () => {
    const { log } = await start();
    const loop = (async () => {
      const seen: number[] = [];
      for await (const { seq } of log.eventx.subscriber({ from: 1 })) seen.push(seq);
      return seen;
    })();
    const stream = lastValueFrom(log.eventx.events$({ from: 1 }).pipe(toArray()));
    const handled = lastValueFrom(
      log.eventx.events$({ from: 1 }, ({ seq }) => Promise.resolve(seq)).pipe(toArray()),
    );
    const batches = lastValueFrom(log.eventx.batches$({ from: 1 }).pipe(toArray()));
    await log.publish('a', 'b');
    await log.reached(2);
    await new Promise((resolve) => setImmediate(resolve));
    await log.close();
    expect(await loop).toEqual([1, 2]);
    expect(seqsOf(await stream)).toEqual([1, 2]);
    expect(await handled).toEqual([1, 2]);
    expect(seqsOf((await batches).flat())).toEqual([1, 2]);
  });

  test('the runner ends before the data source does, even in the middle of a backlog', async () => {
    const { options, log } = await start();
    const types = Array.from({ length: 3000 }, (_, index) => `${index}`);
    await log.publish(...types);
    await log.close();
    expect(log.runner.status).toMatchObject({ running: false, failures: 0, lastError: null });

    const again = await startApp(options);
    await again.reached(3000);
    await again.close();
  });

  test('no connection stays behind', async () => {
    const { options, log } = await start();
    await log.publish('a');
    await log.close();
    expect(log.dataSource.isInitialized).toBe(false);
    if (database === 'sqlite') return;
    const other = await connect(options);
    await until(
      async () => {
        const list = await other.query<unknown[]>(
          'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
        );
        return list.length === 0;
      },
      { what: 'all connections of the application to close' },
    );
    await other.destroy();
  });
});
