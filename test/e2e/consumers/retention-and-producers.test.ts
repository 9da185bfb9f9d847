import { expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';

const undo = cleanUpAfterEach();

test('G7 retention: an open delete of it makes no insert wait', async () => {
  const app = await startConsumerAppOn('mariadb', {
    options: { retention: { maxTotalEvents: 0 } },
  });
  undo(() => app.close());
  await app.fill(20);
  // It waits in the middle of its statement for a row that somebody has locked.
  const blocker = app.dataSource.createQueryRunner();
  undo(() => blocker.release());
  await blocker.startTransaction('READ COMMITTED');
  await blocker.query(
    'SELECT id FROM eventx_events FORCE INDEX (PRIMARY) WHERE id = 10 FOR UPDATE',
  );
  let ended = false;
  const run = app.retention.runOnce().then((result) => ((ended = true), result));
  // These come while the delete holds the rows before that one.
  for (let count = 0; count < 20; count++) await app.fill(1);
  expect(ended).toBe(false);
  await blocker.rollbackTransaction();
  expect(await run).toMatchObject({ deleted: 20 });
});
