import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { NestRecording } from '../../support/recording-nest.js';
import { until } from '../../support/until.js';

const FOR_EVER = () => new Promise<never>(() => undefined);

describe.each(DATABASES)('a handler that hangs on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async (consumers: object) => {
      const app = await startConsumerApp(options, { options: { consumers } });
      undo(() => app.close());
      return app;
    };
  };

  test.each([1, 3])(
    'is seen by every process, and logged, until it is done (%d at a time)',
    async (concurrency) => {
      const open = await start();
      const app = await open({ slowHandler: 20 });
      const other = await open({});
      const recording = new NestRecording();
      undo(recording.start());
      const gate = new Gate();
      app.consume({ name: 'c', concurrency, handle: () => gate.pass() });
      await app.fill(1);
      const stuck = await until(async () => (await other.consumers.get('c')).stuck, {
        what: 'it to be seen',
      });
      expect(stuck).toEqual({
        since: expect.any(Date),
        at: 'handler 1 of c, seq 1 (id 1, type "n"), attempt 1',
      });
      await until(() => /warn: .*seq 1 .* has been running for/.test(recording.text), {
        what: 'a line',
      });
      gate.open();
      await app.finished('c');
      await until(async () => (await other.consumers.get('c')).stuck === null, {
        what: 'it to be over',
      });
      expect(recording.text).toMatch(/log: .*seq 1 .* ended after/);
    },
  );

  test('does not keep its consumer from being closed, nor other processes from having it', async () => {
    const open = await start();
    const app = await open({ shutdownTimeout: 20, lease: 3_600_000 });
    const recording = new NestRecording();
    undo(recording.start());
    const gate = new Gate();
    const signals: AbortSignal[] = [];
    const consumer = app.consume({
      name: 'c',
      handle: async (_event, { signal }) => {
        signals.push(signal);
        await gate.pass();
        return FOR_EVER();
      },
    });
    await app.fill(1);
    await gate.arrived();
    await consumer.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(recording.text).toMatch(/warn: .*"c", at seq 0, was broken off: .*shutdownTimeout/);
    const other = await open({ lease: 3_600_000 });
    const seen: number[] = [];
    other.consume({ name: 'c', handle: ({ seq }) => void seen.push(seq) });
    await other.finished('c');
    expect(seen).toEqual([1]);
  });
});
