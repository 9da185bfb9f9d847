import { expect, test } from '@jest/globals';

import { openConnections } from '../../lib/typeorm/connections/open-connections.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, emptyDatabase } from '../support/data-sources.js';

const later = cleanUpAfterEach();

/** What a statement does and gives depends on the session; so it is set, whatever the server's defaults and the application's are. */
test('every session of the log begins with settings of its own', async () => {
  const { options, remove } = await emptyDatabase('mariadb');
  later(remove);
  const extra = { dateStrings: true, supportBigNumbers: false, flags: ['-FOUND_ROWS'] };
  const dataSource = await connect({ ...options, extra });
  later(() => dataSource.destroy());
  const connections = openConnections(dataSource, { size: 2, timeoutMs: 6000 });
  later(() => connections.close());

  for (const how of ['use', 'read', 'fresh'] as const) {
    const [session] = await connections[how]((connection) =>
      connection.rows(
        'SELECT @@tx_isolation AS isolation, @@autocommit AS autocommit, @@sql_mode AS mode, ' +
          '@@lock_wait_timeout AS `lock`, @@innodb_lock_wait_timeout AS `row`, @@wait_timeout AS silence, ' +
          'DATABASE() AS db, 9007199254740993 AS big, NOW() AS now',
      ),
    );
    expect(session).toEqual({
      isolation: 'READ-COMMITTED',
      autocommit: 1,
      mode: 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      lock: 3,
      row: 3,
      silence: 4,
      db: expect.any(String),
      big: '9007199254740993',
      now: expect.any(Date),
    });
  }
});
