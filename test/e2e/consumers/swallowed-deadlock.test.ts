import { expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { range } from '../../support/stored-events.js';

type Context = ConsumerContext<EntityManager>;
const undo = cleanUpAfterEach();

test('G5 consumers: a handler that overlooks a deadlock, by which the server rolled its transaction back, has failed', async () => {
  const app = await startConsumerAppOn('mariadb');
  undo(() => app.close());
  const effects = await Effects.in(app.dataSource);
  await app.dataSource.query('CREATE TABLE rivals (id INT PRIMARY KEY, n INT NOT NULL)');
  await app.dataSource.query('INSERT INTO rivals VALUES (1, 0), (2, 0)');
  const touch = (id: number) => `UPDATE rivals SET n = n + 1 WHERE id = ${id}`;

  const rival = app.dataSource.createQueryRunner();
  undo(() => rival.release());
  await rival.startTransaction();
  await rival.query(touch(2));
  // It has changed more rows, so the handler is the one that has to give way.
  for (let n = 0; n < 50; n++) await effects.add('rival', n, rival.manager);

  const gate = new Gate();
  const errors: unknown[] = [];
  app.consume({
    name: 'c',
    transactional: true,
    handle: async ({ seq }: EventxEvent, { manager }: Context) => {
      await effects.add('c', seq, manager, 'early');
      if (seq === 2) {
        await manager.query(touch(1));
        await gate.pass();
        await manager.query(touch(2)).catch((error: unknown) => errors.push(error));
      }
      await effects.add('c', seq, manager, 'late');
    },
  });
  await app.fill(3);
  await gate.arrived();
  const closing = rival.query(touch(1)).then(() => rival.commitTransaction());
  // The rival waits for the handler's row when it is seen to.
  for (let waiting = 0; waiting === 0;) {
    const [row] = await app.dataSource.query<{ count: unknown }[]>(
      "SELECT COUNT(*) AS count FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    );
    waiting = Number(row!.count);
  }
  gate.open();
  await closing;
  await app.finished('c');

  expect(errors).toMatchObject([{ code: 'ER_LOCK_DEADLOCK' }]);
  const rows = await effects.rows('c');
  for (const note of ['early', 'late']) {
    expect(rows.filter((row) => row.note === note).map(({ seq }) => seq)).toEqual(range(1, 3));
  }
});
