import { describe, expect, test } from '@jest/globals';

import type { SqlConnection } from '../../../lib/typeorm/connections/sql-connection.js';
import { dialectNamed } from '../../../lib/typeorm/dialects/index.js';
import type { Examination } from '../../../lib/doctor/examination.js';
import { historyLength } from '../../../lib/doctor/housekeeping.js';

/** What MySQL 8.4 says of itself where the tests have no server of it. */
const HEALTHY = {
  version: '8.4.3',
  read_only: 'OFF',
  auto_increment_increment: '1',
  autocommit: 'ON',
  transaction_isolation: 'REPEATABLE-READ',
  sql_mode: 'STRICT_TRANS_TABLES',
  character_set_client: 'utf8mb4',
};

describe('the settings of a MySQL server', () => {
  const unsafe = async (settings: Record<string, string>) => {
    const rows = Object.entries({ ...HEALTHY, ...settings }).map(([Variable_name, Value]) => ({
      Variable_name,
      Value,
    }));
    const connection = { rows: () => Promise.resolve(rows) } as unknown as SqlConnection;
    return (await dialectNamed('mysql').unsafeSettings(connection)).map(({ name }) => name);
  };
  const group = { group_replication_group_name: '6f1f6c5e-3d6e-4f0e-9d55-0a0a0a0a0a0a' };

  test.each([
    [{}, []],
    [{ group_replication_group_name: '', group_replication_single_primary_mode: 'OFF' }, []],
    [{ ...group, group_replication_single_primary_mode: 'ON' }, []],
    [{ ...group, group_replication_single_primary_mode: 'OFF' }, ['group-replication']],
    [{ transaction_isolation: 'READ-UNCOMMITTED' }, ['read-uncommitted']],
    [{ version: '5.7.44-log' }, ['old-version']],
    [{ version: '10.4.34-MariaDB' }, ['old-version']],
    [{ version: '10.5.0-MariaDB-1:10.5.0+maria~focal' }, []],
    [{ version: '9.1.0' }, []],
    [{ log_bin: 'ON', binlog_format: 'STATEMENT' }, ['binlog-format']],
    [{ log_bin: 'ON', binlog_format: 'MIXED' }, []],
    [{ log_bin: 'OFF', binlog_format: 'STATEMENT' }, []],
    // MariaDB 12 has more than two.
    [{ version: '12.0.2-MariaDB', read_only: 'NO_LOCK' }, ['read-only']],
  ])('%j: %j', async (settings: Record<string, string>, names) => {
    expect(await unsafe(settings)).toEqual(names);
  });
});

test('the history of a MySQL server, which has no status variable for it, is read from its metrics', async () => {
  const examination = {
    limits: { historyLength: 10 },
    row: (sql: string) => Promise.resolve(sql.includes('INNODB_METRICS') ? { length: '11' } : {}),
  } as unknown as Examination;
  expect(await historyLength.examine(examination)).toMatchObject([
    { check: 'history-length', message: expect.stringContaining('has 11 transactions') },
  ]);
});
