import { expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

type Context = ConsumerContext<EntityManager>;

const undo = cleanUpAfterEach();

// With SQLite one transaction follows the other, so that nothing is done ahead of the one in hand.
test('G5 consumers: transactional lanes: what was done ahead of the offset is not done again by the next run', async () => {
  const app = await startConsumerAppOn('mariadb');
  undo(() => app.close());
  const effects = await Effects.in(app.dataSource);
  const gate = new Gate();
  let first = true;
  const handle = async ({ seq }: EventxEvent, { manager, signal }: Context) => {
    await effects.add('c', seq, manager);
    if (seq !== 1 || !first) return;
    first = false;
    await gate.pass();
    signal.throwIfAborted();
  };
  const keyed = range(1, 30).map((n) => `t@${n === 1 ? 'slow' : n}`);
  app.consume({ name: 'c', transactional: true, concurrency: 3, handle });
  await app.write(...keyed);
  await gate.arrived();
  await until(async () => (await effects.seqs('c')).length >= 10, {
    what: 'others to be done',
  });
  expect(await effects.seqs('c')).not.toContain(1);
  // Another owner comes, as after a crash, and the handler that was under way finds its transaction gone.
  await app.dataSource.query(
    "UPDATE eventx_offsets SET epoch = epoch + 1, owner = 'another', lease_until = 0",
  );
  await app.consumers.pause('c');
  gate.open();
  await app.consumers.resume('c');
  await app.finished('c');
  expect(await effects.sorted('c')).toEqual(range(1, 30));
  await until(
    async () => (await app.dataSource.query<unknown[]>('SELECT seq FROM eventx_done')).length === 0,
    { what: 'the marks to be forgotten' },
  );
});
