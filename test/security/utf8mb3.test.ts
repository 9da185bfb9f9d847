import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventInput } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerApp } from '../support/consumers/app.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';

const GIFT = '🎁𝒳';
const EVENT: EventInput = {
  type: GIFT,
  key: GIFT,
  headers: { [GIFT]: GIFT },
  data: { [GIFT]: GIFT },
};

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

describe('4-byte characters', () => {
  const undo = cleanUpAfterEach();

  test.each(['utf8mb3', 'latin1', 'ascii'])(
    'arrive, park and are replayed in a database made with CHARACTER SET %s',
    async (charset) => {
      await database.query(`ALTER DATABASE ${database.name} CHARACTER SET ${charset}`);
      const app = await startConsumerApp(database.options, { options: { windowSize: 1 } });
      undo(() => app.close());
      let fails = true;
      const seen: unknown[] = [];
      app.consume({
        name: 'c',
        afterRetries: 'park-key',
        retry: { attempts: 1 },
        handle: ({ type, key, headers, data }) => {
          if (fails) throw new Error(`no ${GIFT}`);
          seen.push({ type, key, headers, data });
        },
      });
      await app.write(EVENT);
      await app.finished('c');
      const [letter] = await app.letters.list({ type: GIFT, key: GIFT });
      expect(letter).toMatchObject({ failures: [{ error: `no ${GIFT}` }], event: EVENT });
      fails = false;
      expect(await app.letters.replay({ consumer: 'c', key: GIFT })).toMatchObject({ replayed: 1 });
      await app.write(EVENT);
      await app.finished('c');
      expect(seen).toEqual([EVENT, EVENT]);
    },
  );
});
