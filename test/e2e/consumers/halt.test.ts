import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';

describe.each(DATABASES)('G10 nothing dropped: a consumer that halts on %s', (database) => {
  const undo = cleanUpAfterEach();

  test.each([
    ['plain', {}],
    ['transactional', { transactional: true }],
    ['lanes', { concurrency: 3 }],
    ['batch', { batch: true }],
  ])(
    'stays so through a restart, and goes on at the same event when it is resumed (%s)',
    async (_mode, options) => {
      const { options: connection, remove } = await emptyDatabase(database);
      undo(remove);
      const attempts = new Attempts().fail(3);
      const start = async () => {
        const app = await startConsumerApp(connection);
        undo(() => app.close());
        app.consume({
          name: 'c',
          ...options,
          retry: { attempts: 2 },
          handle: (events) => [events].flat().forEach(({ seq }) => attempts.call(seq)),
        });
        app.consume({ name: 'other', handle: () => undefined });
        return app;
      };
      const app = await start();
      await app.fill(5);
      await app.finished('other');
      const halted = await app.became('c', 'halted');
      expect(halted.offset).toBeLessThan(3);
      expect(halted.lastError).toMatch(
        /halted at seq 3 after 2 attempt\(s\): no luck with 3\. .*consumers\.resume\('c'\)/,
      );
      await app.close();

      const before = attempts.calls.length;
      const again = await start();
      await again.fill(1);
      await again.finished('other');
      expect((await again.consumers.get('c')).state).toBe('halted');
      expect(attempts.calls).toHaveLength(before);

      attempts.mend();
      await again.consumers.resume('c');
      const done = await again.finished('c');
      expect(done).toMatchObject({ state: 'running', offset: 6, lastError: null });
      expect(attempts.calls[before]).toBe(3);
    },
  );
});
