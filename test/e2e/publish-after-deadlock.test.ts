import { expect, test } from '@jest/globals';
import { EventxPublishError } from 'nestjs-eventx';

import { startAppOn } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const undo = cleanUpAfterEach();

test('G1 atomic: a transaction that overlooks a deadlock commits neither its rows nor its events', async () => {
  const log = await startAppOn('mariadb');
  undo(() => log.close());
  const { dataSource, eventx } = log;
  await dataSource.query('CREATE TABLE rivals (id INT PRIMARY KEY, n INT NOT NULL)');
  await dataSource.query(
    `INSERT INTO rivals VALUES ${Array.from({ length: 100 }, (_, id) => `(${id}, 0)`).join()}`,
  );
  const rival = dataSource.createQueryRunner();
  undo(() => rival.release());
  await rival.startTransaction();
  // It has changed more rows, so the other one has to give way.
  await rival.query('UPDATE rivals SET n = 1 WHERE id >= 2');

  const errors: unknown[] = [];
  let holds!: () => void;
  const locked = new Promise<void>((resolve) => (holds = resolve));
  const careless = dataSource.transaction(async (manager) => {
    await eventx.publish(manager, { type: 'lost' });
    await manager.query('UPDATE rivals SET n = 7 WHERE id = 1');
    holds();
    // Each now waits for what the other has, whoever comes first.
    const waiting = manager.query('UPDATE rivals SET n = 7 WHERE id = 2');
    await waiting.catch((error: unknown) => errors.push(error));
    await manager.query('UPDATE rivals SET n = 8 WHERE id = 0');
  });
  await locked;
  const winning = rival.query('UPDATE rivals SET n = 1 WHERE id = 1');

  await expect(careless).rejects.toBeInstanceOf(EventxPublishError);
  await winning;
  await rival.commitTransaction();
  expect(errors).toMatchObject([{ code: 'ER_LOCK_DEADLOCK' }]);
  expect(await dataSource.query('SELECT type FROM eventx_events')).toEqual([]);
  await log.publish('after');
  await log.reached(1);
});
