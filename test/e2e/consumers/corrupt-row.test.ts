import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { DATABASES } from '../../support/data-sources.js';

describe.each(DATABASES)('a row with a payload that is no JSON on %s', (database) => {
  const undo = cleanUpAfterEach();

  test.each(['data', 'headers'])(
    'stops or parks exactly the consumers that read its %s, and never the runner',
    async (column) => {
      const app = await startConsumerAppOn(database);
      undo(() => app.close());
      const seen: Record<string, number[]> = { blind: [], parks: [], other: [] };
      const read = (name: string) => (event: EventxEvent) => {
        void event[column as 'data'];
        seen[name]?.push(event.seq);
      };
      app.consume({ name: 'blind', handle: ({ seq }) => void seen['blind']!.push(seq) });
      app.consume({ name: 'other', types: 'fine', handle: read('other') });
      app.consume({
        name: 'parks',
        afterRetries: 'park',
        retry: { attempts: Infinity },
        handle: read('parks'),
      });
      app.consume({ name: 'halts', handle: read('halts') });
      await app.write('fine');
      await app.dataSource.query(
        `INSERT INTO eventx_events (type, uuid, data, headers) VALUES ('bad', 'x', ?, ?)`,
        [column === 'data' ? '{"half":' : '{}', column === 'headers' ? '["no object"]' : null],
      );
      await app.write('fine');
      for (const name of Object.keys(seen)) await app.finished(name);

      expect(seen).toEqual({ blind: [1, 2, 3], parks: [1, 3], other: [1, 3] });
      expect((await app.became('halts', 'halted')).lastError).toMatch(
        /halted at seq 2 after 1 attempt.*cannot be decoded/,
      );
      const [letter] = await app.letters.list();
      expect(letter).toMatchObject({ consumer: 'parks', seq: 2, attempts: 1 });
      expect(app.runner.status).toMatchObject({ lastSeq: 3, failures: 0, lastError: null });

      // Mended in the log by hand, the consumer that halted goes on; the letter has its own copy.
      await app.dataSource.query(
        "UPDATE eventx_events SET data = '{}', headers = NULL WHERE seq = 2",
      );
      expect(await app.letters.replay({ consumer: 'parks' })).toMatchObject({
        failed: [{ seq: 2 }],
      });
      expect(await app.letters.discard({ consumer: 'parks' })).toBe(1);
    },
  );
});
