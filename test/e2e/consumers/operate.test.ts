import { describe, expect, test } from '@jest/globals';
import { EventxOptionsError, EventxUsageError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { Gate } from '../../support/consumers/gate.js';
import { countStatements } from '../../support/consumers/statements.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

describe.each(DATABASES)('operating consumers on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async (more = {}) => {
      // An operator elsewhere is heard of within a quarter of the lease.
      const app = await startConsumerApp(options, {
        options: { consumers: { lease: 400 }, ...more },
      });
      undo(() => app.close());
      return app;
    };
  };
  const collect = (app: ConsumerApp, name = 'c', options = {}) => {
    const seen: number[] = [];
    app.consume({ name, ...options, handle: ({ seq }) => void seen.push(seq) });
    return seen;
  };

  test('pause lasts through a restart, until it is resumed', async () => {
    const open = await start();
    const app = await open();
    const seen = collect(app);
    await app.fill(2);
    await app.finished('c');
    await app.consumers.pause('c');
    await until(async () => (await app.consumers.get('c')).owner === null, { what: 'it to stop' });
    expect((await app.consumers.get('c')).state).toBe('paused');
    await app.fill(2);
    await app.close();

    const again = await open();
    const later = collect(again);
    collect(again, 'other');
    await again.fill(1);
    await again.finished('other');
    expect(await again.consumers.get('c')).toMatchObject({ state: 'paused', offset: 2, lag: 3 });
    expect(later).toEqual([]);
    await again.consumers.resume('c');
    await again.finished('c');
    expect(seen).toEqual([1, 2]);
    expect(later).toEqual([3, 4, 5]);
  });

  test('pause lets the event in hand end, and commits it', async () => {
    const open = await start();
    const app = await open();
    const gate = new Gate();
    app.consume({ name: 'c', handle: () => gate.pass() });
    await app.fill(5);
    await gate.arrived();
    await app.consumers.pause('c');
    const statements = countStatements(app.dataSource);
    // The second look at the consumers begins when what the first has seen is done.
    let looks = 0;
    await until(() => (looks += statements.take(/^SELECT o\./)) >= 3, { what: 'it to be noticed' });
    statements.stop();
    gate.open();
    await until(async () => (await app.consumers.get('c')).owner === null, { what: 'it to stop' });
    expect((await app.consumers.get('c')).offset).toBe(1);
    expect(gate.count).toBe(1);
  });

  test('from another process: pause, seek and resume, without declaring the consumer', async () => {
    const open = await start();
    const app = await open();
    const seen = collect(app);
    await app.fill(3);
    await app.finished('c');

    const operator = await open({ run: false });
    await operator.consumers.pause('c');
    await until(async () => (await app.consumers.get('c')).owner === null, { what: 'it to stop' });
    await app.fill(1);
    expect(seen).toEqual([1, 2, 3]);
    await operator.consumers.seek('c', 2);
    await operator.consumers.resume('c');
    await app.finished('c');
    expect(seen).toEqual([1, 2, 3, 2, 3, 4]);
    await expect(operator.consumers.reset('c')).rejects.toThrow(EventxUsageError);
  });

  test.each([1, 3])(
    'seek moves it anywhere in the log, running or paused, with %d at a time',
    async (concurrency) => {
      const open = await start();
      const app = await open();
      const seen = collect(app, 'c', { concurrency });
      await app.fill(3);
      await app.finished('c');
      const take = () => seen.splice(0).sort((a, b) => a - b);
      take();
      const moved = async (to: Parameters<ConsumerApp['consumers']['seek']>[1]) => {
        await app.consumers.pause('c');
        await app.consumers.seek('c', to);
        const { offset: seq, state } = await app.consumers.get('c');
        expect(state).toBe('paused');
        await app.consumers.resume('c');
        await app.finished('c');
        return [seq, take()];
      };
      expect(await moved('earliest')).toEqual([0, [1, 2, 3]]);
      expect(await moved('latest')).toEqual([3, []]);
      expect(await moved(3)).toEqual([2, [3]]);
      expect(await moved(4)).toEqual([3, []]);
      expect(await moved(new Date(0))).toEqual([0, [1, 2, 3]]);

      await app.consumers.seek('c', 2);
      await until(() => seen.length === 2, { what: 'it to go on from there' });
      await app.consumers.reset('c');
      await until(() => seen.length === 5, { what: 'it to begin anew' });
    },
  );

  test('no seek to a place that is none', async () => {
    const open = await start();
    const app = await open();
    collect(app);
    await app.fill(1);
    await app.finished('c');
    await expect(app.consumers.seek('c', 3)).rejects.toThrow(/log ends at 1/);
    for (const place of [0, -1, 1.5, NaN, 'somewhere', new Date(NaN)] as never[]) {
      await expect(app.consumers.seek('c', place)).rejects.toThrow(EventxOptionsError);
    }
    expect((await app.consumers.get('c')).offset).toBe(1);
  });

  test('a consumer that nobody knows is an error', async () => {
    const open = await start();
    const { consumers } = await open();
    for (const operate of [
      () => consumers.get('x'),
      () => consumers.pause('x'),
      () => consumers.resume('x'),
      () => consumers.seek('x', 'latest'),
      () => consumers.remove('x'),
    ]) {
      await expect(operate()).rejects.toThrow(/no consumer "x"/);
    }
  });

  test('remove forgets it with its dead letters; the next start registers it anew', async () => {
    const open = await start();
    const app = await open();
    const declare = (app: ConsumerApp) => {
      const seen: number[] = [];
      const handle = ({ seq }: { seq: number }) => {
        seen.push(seq);
        throw new Error('no');
      };
      app.consume({ name: 'c', retry: { attempts: 1 }, afterRetries: 'park', handle });
      return seen;
    };
    declare(app);
    collect(app, 'other');
    await app.fill(2);
    await app.finished('c');
    await app.consumers.remove('c');
    expect((await app.consumers.list()).map(({ name }) => name)).toEqual(['other']);
    expect(await app.letters.list()).toEqual([]);
    await app.fill(1);
    await app.passed('other', 3);
    expect(await app.consumers.list()).toHaveLength(1);
    await app.close();

    const again = await open();
    const seen = declare(again);
    await until(() => seen.length === 3, { what: 'it to begin anew' });
    expect(seen).toEqual(range(1, 3));
  });

  test('list says where each is, how far behind in events and seconds, and who has it', async () => {
    const open = await start();
    const app = await open();
    const gate = new Gate();
    app.consume({ name: 'b', handle: ({ seq }) => (seq === 3 ? gate.pass() : undefined) });
    collect(app, 'a');
    await app.fill(5);
    await gate.arrived();
    await app.finished('a');
    await app.dataSource.query(
      database === 'sqlite'
        ? "UPDATE eventx_events SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-90 seconds') WHERE seq < 3"
        : 'UPDATE eventx_events SET created_at = NOW(3) - INTERVAL 90 SECOND WHERE seq < 3',
    );
    const [a, b] = await app.consumers.list();
    expect(a).toEqual({
      name: 'a',
      state: 'running',
      offset: 5,
      lag: 0,
      lagMs: 0,
      owner: b!.owner,
      lastError: null,
      failingSince: null,
      stuck: null,
    });
    expect(b!.owner).toMatch(/^[\w.-]+:\d+:[0-9a-f]{8}$/);
    // Its offset is behind the batch in hand.
    expect(b).toMatchObject({ name: 'b', state: 'running', offset: 0, lag: 5 });
    expect(b!.lagMs).toBeGreaterThanOrEqual(90_000);
    expect(b!.lagMs).toBeLessThan(600_000);
    gate.open();
    await app.finished('b');
    await app.close();

    const operator = await open({ run: false });
    expect((await operator.consumers.list()).map(({ state, owner }) => [state, owner])).toEqual([
      ['waiting', null],
      ['waiting', null],
    ]);
  });
});
