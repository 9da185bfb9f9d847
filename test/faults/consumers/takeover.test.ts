import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { WorkerProcess } from '../../support/consumers/worker-process.js';
import { startWorker, type WorkerConsumer } from '../../support/consumers/worker.js';
import { emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

describe('G5 consumers: another process takes over', () => {
  const undo = cleanUpAfterEach();

  /** A process that has the consumer and is in the middle of a handler, and another one that would like to have it. */
  const start = async (only: WorkerConsumer) => {
    const { options: database, remove } = await emptyDatabase('mariadb');
    undo(remove);
    const app = await startConsumerApp(database);
    undo(() => app.close());
    const effects = await Effects.in(app.dataSource);
    await app.fill(6);
    const settings = { database, only: [only] };
    const first = await WorkerProcess.start({ ...settings, run: 'first', hold: 500 });
    undo(() => first.kill());
    await first.effects(1);
    const second = await startWorker({ ...settings, run: 'second', slowness: 0 });
    undo(() => second.close());
    return { app, effects, first, second };
  };

  test.each(['once', 'lanes', 'plain'] as const)('when it was killed: %s', async (consumer) => {
    const { app, effects, first } = await start(consumer);
    const { owner } = await app.consumers.get(consumer);
    await first.kill();
    await app.passed(consumer, 6);
    expect((await app.consumers.get(consumer)).owner).not.toBe(owner);
    const seqs = await effects.sorted(consumer);
    expect([...new Set(seqs)].filter((seq) => seq <= 6)).toEqual(range(1, 6));
    if (consumer !== 'plain') expect(seqs).toEqual([...new Set(seqs)]);
  });

  test.each(['once', 'lanes', 'plain'] as const)(
    'when it hung (SIGSTOP); when that wakes up it neither moves the offset nor commits: %s',
    async (consumer) => {
      const { app, effects, first, second } = await start(consumer);
      first.suspend();
      // Of the echoes that it publishes itself, "once" takes none, but it passes them.
      await app.passed(consumer, consumer === 'once' ? 12 : 6);
      const taken = await second.consumers.get(consumer);
      const rows = await effects.rows(consumer);
      first.resume();
      // It finds out, and shuts down in good order: whatever it tried was tried by then.
      await first.stop();
      const { offset: seq, owner } = await app.consumers.get(consumer);
      expect({ seq, owner }).toEqual({ seq: taken.offset, owner: taken.owner });
      if (consumer === 'plain') return;
      expect(await effects.rows(consumer)).toEqual(rows);
      expect(rows.map((row) => row.seq).sort((a, b) => a - b)).toEqual(range(1, 6));
    },
  );

  test('a consumer moves only forward while processes come and go', async () => {
    const { app, first } = await start('plain');
    let last = 0;
    let watching = true;
    const watch = until(
      async () => {
        const { offset: seq } = await app.consumers.get('plain');
        if (seq < last) throw new Error(`It went back from ${last} to ${seq}.`);
        last = seq;
        return !watching;
      },
      { what: 'the end', timeoutMs: 45_000 },
    );
    for (let round = 0; round < 2; round++) {
      first.suspend();
      await app.passed('plain', last + 1);
      first.resume();
      await app.fill(5);
    }
    await first.kill();
    await app.finished('plain');
    watching = false;
    await watch;
  });
});
