import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { DATABASES } from '../../support/data-sources.js';

describe.each(DATABASES)(
  'G4 no skip: a consumer whose next event retention has deleted on %s',
  (database) => {
    const undo = cleanUpAfterEach();

    test('halts, or goes on as its policy says', async () => {
      const app = await startConsumerAppOn(database, {
        options: { windowSize: 1, retention: { maxTotalEvents: 2, ignoreConsumers: true } },
      });
      undo(() => app.close());
      const policies = ['halt', 'earliest', 'latest'] as const;
      const seen: Record<string, number[]> = {};
      const declare = () =>
        policies.map((policy) =>
          app.consume({
            name: policy,
            onLost: policy,
            handle: ({ seq }) => void (seen[policy] ??= []).push(seq),
          }),
        );
      const running = declare();
      await app.fill(2);
      for (const policy of policies) await app.finished(policy);
      for (const consumer of running) await consumer.close();
      // One by one, so that the window in memory holds the last one only.
      for (let count = 0; count < 4; count++) await app.fill(1);
      expect(await app.retention.runOnce()).toEqual({
        deleted: 4,
        before: 5,
        heldBackBy: [],
        passed: ['earliest', 'halt', 'latest'],
      });

      declare();
      await app.passed('earliest', 6);
      await app.passed('latest', 6);
      await app.fill(1);
      await app.passed('earliest', 7);
      await app.passed('latest', 7);
      const { lastError, offset: seq } = await app.became('halt', 'halted');
      expect(seq).toBe(2);
      expect(lastError).toMatch(
        /Event 3 is not in the log.*The next event the log has is 5.*consumers\.seek/,
      );
      expect(seen).toEqual({ halt: [1, 2], earliest: [1, 2, 5, 6, 7], latest: [1, 2, 7] });

      await app.consumers.seek('halt', 6);
      await app.consumers.resume('halt');
      await app.finished('halt');
      expect(seen['halt']).toEqual([1, 2, 6, 7]);
    });
  },
);
