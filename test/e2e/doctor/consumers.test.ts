import { describe, expect, test } from '@jest/globals';
import { NonRetryableError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { DATABASES } from '../../support/data-sources.js';
import { examine, finding } from '../../support/doctor.js';

describe.each(DATABASES)('the doctor and the consumers, on %s', (database) => {
  const later = cleanUpAfterEach();

  const start = async () => {
    const app = await startConsumerAppOn(database);
    later(() => app.close());
    return app;
  };

  /** A log of five events, which a consumer that no process runs any more has handled. */
  const handled = async () => {
    const app = await start();
    const running = app.consume({ name: 'stock', handle: () => undefined });
    await app.fill(5);
    await app.finished('stock');
    await running.close();
    return app;
  };

  test('finds one that is ahead of the log', async () => {
    const app = await handled();
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq > 3');
    await app.dataSource.query('UPDATE eventx_state SET last_seq = 3');
    expect(await examine(app)).toEqual([
      finding(
        'consumer-ahead',
        'error',
        /"stock" has handled event 5, but the log ends at 3/,
        /consumers\.seek\('stock', 'latest'\) and consumers\.resume\('stock'\)/,
      ),
    ]);
    await app.consumers.seek('stock', 'latest');
    expect(await examine(app)).toEqual([]);
  });

  test('finds one that has handled other events than those of the log', async () => {
    const app = await handled();
    await app.dataSource.query("UPDATE eventx_events SET uuid = 'another' WHERE seq = 5");
    expect(await examine(app)).toEqual([
      finding(
        'consumer-of-other-log',
        'error',
        /"stock" has handled event 5, but event 5 of the log is another one now/,
        /consumers\.seek\('stock', /,
      ),
    ]);
  });

  test('finds one whose next events were deleted', async () => {
    const app = await handled();
    await app.consumers.seek('stock', 2);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq <= 1');
    expect(await examine(app)).toEqual([]);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq <= 3');
    expect(await examine(app)).toEqual([
      finding(
        'consumer-behind',
        'error',
        /"stock" has yet to handle event 2, but the log begins at 4/,
        /consumers\.seek\('stock', 'earliest'\)/,
      ),
    ]);
    await app.dataSource.query('DELETE FROM eventx_events');
    expect(await examine(app)).toMatchObject([
      { check: 'consumer-behind', message: expect.stringContaining('the log begins at 6') },
    ]);
    await app.consumers.seek('stock', 'earliest');
    expect(await examine(app)).toEqual([]);
  });

  test('finds one that was halted, with its error', async () => {
    const app = await start();
    app.consume({
      name: 'stock',
      handle: () => Promise.reject(new NonRetryableError('no such shelf')),
    });
    await app.write('a', 'b');
    await app.became('stock', 'halted');
    expect(await examine(app)).toEqual([
      finding(
        'consumer-halted',
        'error',
        /"stock" was halted .*, 2 events behind\. Its last error: .*no such shelf/,
        /Mend the cause, then consumers\.resume\('stock'\)/,
      ),
    ]);
  });

  test('finds one that nobody runs, once it is late; not a paused one', async () => {
    const app = await handled();
    await app.write('a');
    expect(await examine(app)).toEqual([]);
    const old =
      database === 'sqlite' ? "datetime('now', '-2 minutes')" : 'NOW(3) - INTERVAL 2 MINUTE';
    await app.dataSource.query(`UPDATE eventx_events SET created_at = ${old} WHERE seq = 6`);
    expect(await examine(app)).toEqual([
      finding(
        'consumer-waiting',
        'warning',
        /No process runs consumer "stock", which is 1 events and 1[12]\d s behind/,
        /role 'consume'; or, .*consumers\.remove\('stock'\)/,
      ),
    ]);
    expect(await examine(app, { limits: { waitingConsumer: 3_600_000 } })).toEqual([]);
    await app.consumers.pause('stock');
    expect(await examine(app)).toEqual([]);
  });

  test('mentions dead letters, and the worst findings first', async () => {
    const app = await start();
    app.consume({
      name: 'stock',
      handle: () => Promise.reject(new NonRetryableError('no such shelf')),
      afterRetries: 'park',
      retry: { attempts: Infinity },
    });
    await app.write('a', 'b');
    await app.finished('stock');
    expect(await examine(app)).toEqual([
      finding(
        'dead-letters',
        'info',
        /^2 events that consumer "stock" could not handle are parked in "eventx_dead_letters"/,
        /deadLetters\.list\(\{ consumer: 'stock' \}\)/,
      ),
    ]);
    await app.dataSource.query('UPDATE eventx_offsets SET seq = 9');
    expect((await examine(app)).map(({ severity }) => severity)).toEqual(['error', 'info']);
  });
});
