import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { until } from '../../support/until.js';

const POLICIES = ['halt', 'earliest', 'latest'] as const;

describe.each(DATABASES)('G8 truncation: the log moved back under a consumer on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async () => {
      const app = await startConsumerApp(options, { options: { pollInterval: 20 } });
      undo(() => app.close());
      return app;
    };
  };
  const consume = (app: ConsumerApp, concurrency = 1) => {
    const seen: Record<string, string[]> = {};
    for (const policy of POLICIES) {
      seen[policy] = [];
      app.consume({
        name: policy,
        onTruncated: policy,
        concurrency,
        handle: ({ type, seq }) => void seen[policy]!.push(`${type}${seq}`),
      });
    }
    return seen;
  };
  /** As a backup of the events does that is older than the offsets. */
  const restore = async (app: ConsumerApp, lastSeq: number, ...types: string[]) => {
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq > ?', [lastSeq]);
    const rows = types.map(
      (type, index) => `(${lastSeq + 1 + index}, '${type}', 'restored-${index}', '{}')`,
    );
    if (rows.length > 0)
      await app.dataSource.query(
        `INSERT INTO eventx_events (seq, type, uuid, data) VALUES ${rows.join()}`,
      );
    const head = lastSeq + types.length;
    await app.dataSource.query('UPDATE eventx_state SET last_seq = ?', [head]);
    await until(() => app.runner.status.lastSeq === head, { what: 'the runner to notice' });
  };
  const expectPolicies = async (app: ConsumerApp, seen: Record<string, string[]>) => {
    await app.finished('earliest');
    await app.finished('latest');
    const { lastError, offset: seq } = await app.became('halt', 'halted');
    expect(lastError).toMatch(/truncated or replaced.*consumers\.seek\('halt'/);
    expect(seq).toBe(5);
    await app.write('new');
    await app.finished('earliest');
    await app.finished('latest');
    expect(seen['halt']).toEqual([]);
  };

  test('while it ran: each goes by its policy', async () => {
    const open = await start();
    const app = await open();
    const seen = consume(app);
    await app.fill(5);
    for (const policy of POLICIES) await app.finished(policy);
    for (const policy of POLICIES) seen[policy]!.length = 0;
    await restore(app, 2);
    await until(async () => (await app.consumers.get('latest')).offset === 2, {
      what: 'it to be noticed',
    });
    await expectPolicies(app, seen);
    expect(seen['earliest']).toEqual(['n1', 'n2', 'new3']);
    expect(seen['latest']).toEqual(['new3']);

    await app.consumers.seek('halt', 'earliest');
    await app.consumers.resume('halt');
    await app.finished('halt');
    expect(seen['halt']).toEqual(['n1', 'n2', 'new3']);
  });

  test.each([1, 3])(
    'while it did not run, %d at a time: found at the start',
    async (concurrency) => {
      const open = await start();
      const first = await open();
      consume(first, concurrency);
      await first.fill(5);
      for (const policy of POLICIES) await first.finished(policy);
      await first.close();

      const app = await open();
      await restore(app, 2);
      const seen = consume(app, concurrency);
      await expectPolicies(app, seen);
      expect(seen['latest']).toEqual(['new3']);
    },
  );

  test('though the log has grown past it again: the event at its place is another one', async () => {
    const open = await start();
    const first = await open();
    consume(first);
    await first.fill(5);
    for (const policy of POLICIES) await first.finished(policy);
    await first.close();

    const app = await open();
    await restore(app, 2, 'x', 'y', 'z', 'w');
    const seen = consume(app);
    await expectPolicies(app, seen);
    expect(seen['latest']).toEqual(['new7']);
    expect(seen['earliest']).toEqual(['n1', 'n2', 'x3', 'y4', 'z5', 'w6', 'new7']);
  });

  test('though only what lanes had done ahead of their offset is beyond its end', async () => {
    const open = await start();
    const app = await open();
    await app.fill(5);
    await app.consumers.list();
    await app.dataSource.query(
      "INSERT INTO eventx_offsets (log, consumer, seq) VALUES ('eventx_events', 'c', 2)",
    );
    await app.dataSource.query(
      "INSERT INTO eventx_done (log, consumer, seq) VALUES ('eventx_events', 'c', 4)",
    );
    await restore(app, 3);
    const seen: number[] = [];
    app.consume({
      name: 'c',
      concurrency: 2,
      transactional: true,
      onTruncated: 'earliest',
      handle: ({ seq }) => void seen.push(seq),
    });
    // It is found before the log has grown past it.
    await app.passed('c', 3);
    await app.write('a', 'b');
    await app.passed('c', 5);
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  test('an event that retention took is no truncation', async () => {
    const open = await start();
    const app = await open();
    const seen = consume(app);
    await app.fill(3);
    for (const policy of POLICIES) await app.finished(policy);
    await app.close();
    const again = await open();
    await again.dataSource.query('DELETE FROM eventx_events');
    const later = consume(again);
    await again.write('new');
    for (const policy of POLICIES) await again.passed(policy, 4);
    expect(seen['halt']).toEqual(['n1', 'n2', 'n3']);
    for (const policy of POLICIES) expect(later[policy]).toEqual(['new4']);
  });
});
