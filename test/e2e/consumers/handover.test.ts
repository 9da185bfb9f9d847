import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { Gate } from '../../support/consumers/gate.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { NestRecording } from '../../support/recording-nest.js';
import { until } from '../../support/until.js';

const OWNER = String.raw`[\w.-]+:\d+:[0-9a-f]{8}`;

describe.each(DATABASES)('who has a consumer is logged on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async () => {
      const app = await startConsumerApp(options, { options: { consumers: { lease: 4000 } } });
      undo(() => app.close());
      return app;
    };
  };
  const consume = (app: ConsumerApp, ...names: string[]) =>
    names.forEach((name) => app.consume({ name, handle: () => undefined }));
  /** From now on: each application that starts sets Nest's logger anew. */
  const record = () => {
    const recording = new NestRecording();
    undo(recording.start());
    const said = (pattern: string) =>
      recording.lines.filter((line) => new RegExp(pattern).test(line));
    return { recording, said };
  };

  test('when it is taken, handed over, paused, and when its process had gone', async () => {
    const open = await start();
    const one = await open();
    const two = await open();
    const { said } = record();
    consume(one, 'a', 'b');
    await one.fill(3);
    for (const name of ['a', 'b']) await one.finished(name);
    expect(said(`^log: Consumer "[ab]" runs here \\(${OWNER}\\), from seq 1 on\\.`)).toHaveLength(
      2,
    );

    consume(two, 'a', 'b');
    await until(
      () => said(`^log: Consumer "[ab]" is handed over to ${OWNER} at seq 3\\.`).length === 1,
      {
        what: 'one to be handed over',
      },
    );
    await until(
      () => said(`^log: Consumer "[ab]" runs here \\(${OWNER}\\), from seq 4 on\\.`).length === 1,
      {
        what: 'it to be taken',
      },
    );
    await one.consumers.pause('a');
    await until(() => said('^log: Consumer "a" is paused at seq 3').length === 1, {
      what: 'the pause',
    });
    await one.dataSource.query(
      "UPDATE eventx_offsets SET owner = 'web-9:7:gone', lease_until = 1, paused = 0 WHERE consumer = 'a'",
    );
    await until(
      () => said('"a" runs here .*it was with web-9:7:gone, whose lease ran out').length === 1,
      {
        what: 'it to be taken over',
      },
    );
    expect(said('^warn: ')).toEqual([]);
  });

  test('when it is lost, and to whom; a seek by hand is none', async () => {
    const open = await start();
    const app = await open();
    const { said } = record();
    const gate = new Gate();
    app.consume({ name: 'c', handle: ({ seq }) => (seq > 2 ? gate.pass() : undefined) });
    await app.fill(4);
    // What the batch has done so far is not written yet.
    await gate.arrived();
    await app.consumers.seek('c', 2);
    await until(
      () => said('^log: Consumer "c", at seq 0, was moved or removed by hand').length === 1,
      {
        what: 'the seek to be noticed',
      },
    );
    await gate.arrived(2);
    await app.dataSource.query(
      "UPDATE eventx_offsets SET owner = 'web-2:1:thief', epoch = epoch + 1, lease_until = 99999999999999",
    );
    await until(
      () => said('^warn: Consumer "c", at seq 1, was lost: web-2:1:thief has it now').length === 1,
      { what: 'the loss to be noticed' },
    );
    gate.open();
  });

  test('a halt names the place where it is, not where the run began', async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const app = await startConsumerApp(options, { options: { windowSize: 1 } });
    undo(() => app.close());
    const gate = new Gate();
    app.consume({
      name: 'c',
      fetchLimit: 1,
      handle: ({ seq }) => (seq === 2 ? gate.pass() : undefined),
    });
    await app.fill(2);
    await gate.arrived();
    for (let count = 0; count < 4; count++) await app.fill(1);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq BETWEEN 3 AND 5');
    gate.open();
    const { lastError } = await app.became('c', 'halted');
    expect(lastError).toMatch(/halted at seq 2: Event 3 is not in the log/);
  });
});
