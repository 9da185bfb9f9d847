import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect } from '../support/data-sources.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';
import { until } from '../support/until.js';
import { openDatabaseLog } from '../support/database-log.js';
import type { DatabaseLog } from '../../lib/event-log/open-in-database.js';

describe('G4, G8: what is confirmed on MariaDB', () => {
  const later = cleanUpAfterEach();
  let database: TestDatabase;
  let dataSource: DataSource;
  let storage: DatabaseLog['storage'];
  beforeEach(async () => {
    database = await createDatabase();
    dataSource = await connect(database.options);
    const log = await openDatabaseLog(dataSource, { queryTimeout: 20_000, connections: 1 });
    storage = log.storage;
    await dataSource.query(
      "INSERT INTO eventx_events (seq, type, uuid, data) VALUES (1, 'a', 'u1', '1'), (2, 'b', 'u2', '1')",
    );
    await dataSource.query('UPDATE eventx_state SET last_seq = 2');
    later(async () => {
      await log.close();
      await dataSource.destroy();
    });
  });
  afterEach(() => database.drop());

  /** Somebody changes the log in a transaction that is still open. */
  async function changing(statement: string): Promise<() => Promise<void>> {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(statement);
    return async () => {
      await runner.commitTransaction();
      await runner.release();
    };
  }

  const waitsForLock = () =>
    until(
      async () => {
        const [row] = await database.query(
          'SELECT COUNT(*) AS n FROM information_schema.processlist ' +
            "WHERE db = DATABASE() AND info LIKE '%LOCK IN SHARE MODE' AND id <> CONNECTION_ID()",
        );
        return Number(row?.n) > 0;
      },
      { what: 'the confirmation to wait for the lock' },
    );

  test('the state is what it will be when whoever changes it is done: no snapshot, no copy knows that', async () => {
    const commit = await changing('UPDATE eventx_state SET last_seq = 7');
    expect((await storage.readState()).lastSeq).toBe(2);
    const confirming = storage.confirmState();
    await waitsForLock();
    await commit();
    expect((await confirming).lastSeq).toBe(7);
  });

  test('so is an event', async () => {
    const commit = await changing('DELETE FROM eventx_events WHERE seq = 1');
    const confirming = storage.confirmRead(1, 1);
    await waitsForLock();
    await commit();
    expect((await confirming).map(({ seq }) => seq)).toEqual([2]);
  });

  test('waits for no other connection of the log: it is asked on one of its own', async () => {
    const commit = await changing('UPDATE eventx_state SET last_seq = 7');
    const confirming = storage.confirmState();
    await waitsForLock();
    expect(await storage.read(1, 10)).toHaveLength(2);
    await commit();
    await confirming;
  });
});
