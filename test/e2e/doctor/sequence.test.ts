import { describe, expect, test } from '@jest/globals';

import { type AppSettings, startAppOn } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { DATABASES } from '../../support/data-sources.js';
import { examine, finding } from '../../support/doctor.js';

describe.each(DATABASES)('the doctor and the numbers, on %s', (database) => {
  const later = cleanUpAfterEach();

  const start = async (settings?: AppSettings) => {
    const app = await startAppOn(database, settings);
    later(() => app.close());
    return app;
  };

  /** A log of so many numbered events. */
  const filled = async (count: number) => {
    const app = await start({ options: { run: false } });
    const rows = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
    const select = `SELECT i, 'n', 'u', 'null' FROM n`;
    const columns = 'INSERT INTO eventx_events (seq, type, uuid, data)';
    if (database === 'sqlite') {
      await app.dataSource.query(`${rows} ${columns} ${select}`, [count]);
    } else {
      await app.dataSource.query(`${columns} SELECT seq, 'n', 'u', 'null' FROM seq_1_to_${count}`);
    }
    await app.dataSource.query('UPDATE eventx_state SET last_seq = ?', [count]);
    return app;
  };

  test('finds that the state row is behind the table', async () => {
    const app = await filled(3);
    await app.dataSource.query('UPDATE eventx_state SET last_seq = 2');
    expect(await examine(app)).toEqual([
      finding(
        'state-behind',
        'error',
        /"eventx_events" ends at 2, but it holds event 3/,
        /UPDATE eventx_state SET last_seq = 3 WHERE name = 'eventx_events'$/,
      ),
    ]);
  });

  test('finds a missing event in a short log, without being told to look at everything', async () => {
    const app = await filled(100);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq = 42');
    expect(await examine(app)).toEqual([
      finding(
        'missing-events',
        'error',
        /"eventx_events" lacks event 42, which/,
        /seek\(name, 43\)/,
      ),
    ]);
  });

  test('finds that the end of the log is missing', async () => {
    const app = await filled(10);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq > 7');
    expect(await examine(app)).toEqual([
      finding('missing-events', 'error', /the events 8 to 10/, /seek\(name, 'latest'\)/),
    ]);
  });

  test('in a long log looks at samples, and at everything when told to: then it names the first', async () => {
    const app = await filled(600_000);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq IN (300000, 450000)');
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq BETWEEN 210000 AND 210002');
    expect(await examine(app)).toEqual([]);
    expect(await examine(app, { full: true })).toEqual([
      finding('missing-events', 'error', /the events 210000 to 210002/, /seek\(name, 210003\)/),
    ]);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq = 599950');
    expect(await examine(app)).toEqual([
      finding('missing-events', 'error', /event 599950.*sample.*full: true/, /599951/),
    ]);
  });

  test('finds that nobody gives events their numbers', async () => {
    const app = await start({ options: { run: ['consume'] } });
    await app.publish('a');
    expect(await examine(app)).toEqual([]);
    const old =
      database === 'sqlite' ? "datetime('now', '-2 minutes')" : 'NOW(3) - INTERVAL 2 MINUTE';
    await app.dataSource.query(`UPDATE eventx_events SET created_at = ${old}`);
    expect(await examine(app)).toEqual([
      finding(
        'pending',
        'error',
        /oldest event without a number was written 1[12]\d s ago/,
        /run: true or run: \['sequence'\].*EventxRunner\.status\.lastError/,
      ),
    ]);
    expect(await examine(app, { limits: { pending: 3_600_000 } })).toEqual([]);
  });
});
