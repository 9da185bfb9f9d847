import type { SqlConnection } from '../../connections/sql-connection.js';
import {
  type DurabilityRisk,
  findingIf,
  type ServerFinding,
  type UnsafeSetting,
} from '../dialect.js';
import { variables } from './variables.js';

/** What makes a MySQL or MariaDB server unfit for a log. */
export async function unsafeSettings(
  connection: SqlConnection,
): Promise<readonly ServerFinding<UnsafeSetting>[]> {
  const server = await variables(
    connection,
    'GLOBAL',
    'version',
    'read_only',
    'wsrep_on',
    'group_replication_group_name',
    'group_replication_single_primary_mode',
    'log_bin',
  );
  const session = await variables(
    connection,
    'SESSION',
    'auto_increment_increment',
    'autocommit',
    // MySQL, and MariaDB from 11.1 on; before that MariaDB knows only the second.
    'transaction_isolation',
    'tx_isolation',
    'sql_mode',
    'character_set_client',
    'binlog_format',
  );
  const increment = Number(session.get('auto_increment_increment'));
  const isolation = session.get('transaction_isolation') ?? session.get('tx_isolation');
  const charset = session.get('character_set_client') ?? '';
  return [
    ...oldVersion(server.get('version') ?? ''),
    ...findingIf(
      (server.get('read_only') ?? 'OFF') !== 'OFF',
      'read-only',
      'The database is read-only: a replica serves stale rows and takes no numbers.',
      'Connect to the primary',
    ),
    ...findingIf(
      server.get('wsrep_on') === 'ON',
      'galera',
      'This is a Galera node: Galera hands out ids that are not in causal order, so the order of the log could contradict ' +
        'the order of commits (G3).',
      'Send all writes to one node',
    ),
    ...findingIf(
      Boolean(server.get('group_replication_group_name')) &&
        server.get('group_replication_single_primary_mode') === 'OFF',
      'group-replication',
      'Group replication runs in multi-primary mode, which hands out ids that are not in causal order (G3).',
      'Use single-primary mode: SELECT group_replication_switch_to_single_primary_mode()',
    ),
    ...findingIf(
      increment > 1,
      'auto-increment-increment',
      `auto_increment_increment is ${increment}: several primaries write, and their ids are not in causal order (G3).`,
      'Send all writes to one primary and there SET GLOBAL auto_increment_increment = 1, also in its configuration',
    ),
    ...findingIf(
      isolation === 'READ-UNCOMMITTED',
      'read-uncommitted',
      'Sessions begin with the isolation READ UNCOMMITTED: subscribers could see events, and numbers, of transactions that ' +
        'are rolled back after that (G1, G2).',
      'SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ, also in the configuration of the server (transaction-isolation), ' +
        'and look whether init_connect or the pool sets it',
    ),
    ...findingIf(
      session.get('autocommit') === 'OFF',
      'autocommit-off',
      'Sessions begin with autocommit off: a read of the log opens a snapshot that nobody ends, so this process would see ' +
        'the log for ever as it was then, and what it writes by itself would never be committed (G4, G5).',
      'SET GLOBAL autocommit = 1, also in the configuration of the server, and look whether init_connect sets it',
    ),
    ...findingIf(
      session.get('sql_mode')?.includes('NO_BACKSLASH_ESCAPES') ?? false,
      'no-backslash-escapes',
      'sql_mode has NO_BACKSLASH_ESCAPES, which the driver knows nothing of: a quote in a parameter ends its string, so a key could ' +
        'hold SQL that is run.',
      "SET GLOBAL sql_mode = REPLACE(@@GLOBAL.sql_mode, 'NO_BACKSLASH_ESCAPES', ''), also in the configuration of the server",
    ),
    ...findingIf(
      session.get('sql_mode')?.split(',').includes('ORACLE') ?? false,
      'oracle-mode',
      'sql_mode has ORACLE: sessions take statements in the syntax of another server, in which nothing could be numbered.',
      'SET GLOBAL sql_mode = DEFAULT, also in the configuration of the server; where the application needs that mode, give the log a ' +
        'data source of its own without it',
    ),
    ...findingIf(
      !/^utf8(mb[34])?$/.test(charset),
      'character-set',
      `Sessions speak ${charset}, not utf8mb4: characters that it does not have become others on their way, without an error, and ` +
        'some of those a quote, which ends its string: a key could hold SQL that is run.',
      "Give the data source the option charset: 'utf8mb4', and look whether init_connect sets another",
    ),
    ...findingIf(
      server.get('log_bin') === 'ON' && session.get('binlog_format') === 'STATEMENT',
      'binlog-format',
      'binlog_format is STATEMENT: with it the server refuses what is written under READ COMMITTED (error 1665), so nothing could be ' +
        'numbered; under another isolation numbering would make producers wait.',
      "SET GLOBAL binlog_format = 'ROW' (or 'MIXED'), also in the configuration of the server, and restart the processes",
    ),
  ];
}

/** Settings of a MySQL or MariaDB server under which a crash can take back commits that it has acknowledged. */
export async function durabilityRisks(
  connection: SqlConnection,
): Promise<readonly ServerFinding<DurabilityRisk>[]> {
  const flush = 'innodb_flush_log_at_trx_commit';
  const server = await variables(connection, 'GLOBAL', flush, 'sync_binlog', 'log_bin');
  const atCommit = server.get(flush) ?? '1';
  const syncBinlog = server.get('sync_binlog') ?? '1';
  return [
    // MariaDB also has 3, which flushes more often than 1.
    ...findingIf(
      atCommit === '0' || atCommit === '2',
      'flush-log',
      `${flush} is ${atCommit}: when the machine${atCommit === '0' ? ', or only the server,' : ''} crashes, about the last ` +
        'second of commits is gone, though they were acknowledged. Events that were delivered can vanish, and their numbers be ' +
        'given to others (G2, G8).',
      `SET GLOBAL ${flush} = 1, also in the configuration of the server`,
    ),
    ...findingIf(
      server.get('log_bin') === 'ON' && syncBinlog !== '1',
      'sync-binlog',
      `sync_binlog is ${syncBinlog} and the binary log is on: when the machine crashes, the last commits can be missing from it, ` +
        'though they were acknowledged. The server then rolls back what it lacks, and replicas never get it: events that were ' +
        'delivered can vanish (G2, G8).',
      'SET GLOBAL sync_binlog = 1, also in the configuration of the server',
    ),
  ];
}

function oldVersion(version: string): ServerFinding<UnsafeSetting>[] {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  const isMariaDb = /mariadb/i.test(version);
  const tooOld = isMariaDb ? major < 10 || (major === 10 && minor < 5) : major < 8;
  return findingIf(
    tooOld,
    'old-version',
    `The server is ${version}, which lacks what the statements of the log need.`,
    'Upgrade to MariaDB 10.5 or MySQL 8.0 at least',
  );
}
