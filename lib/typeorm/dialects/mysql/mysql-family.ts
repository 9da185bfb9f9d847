import { EventxSchemaError } from '../../../errors.js';
import { quote, type TableNames } from '../../tables.js';
import type { Dialect } from '../dialect.js';
import { durabilityRisks, unsafeSettings } from './server-findings.js';
import { splitReads } from './split-reads.js';

/** What MySQL and MariaDB have in common. */
export const mysqlFamily = {
  insertIgnore: 'INSERT IGNORE',
  orKeep: ' ON DUPLICATE KEY UPDATE `log` = `log`',
  forceIndex: (index) => ` FORCE INDEX (${quote(index)})`,
  // InnoDB keeps equal keys in order of the primary key. Said as ORDER BY, the optimizer sorts the whole backlog or scans the
  // table for it (385 ms against 0.5 ms at a million rows); so the rows are checked instead of ordered.
  pendingOrder: () => '',
  // Two steps: UNIX_TIMESTAMP is exact for TIMESTAMP columns, a Date made by the driver depends on its time zone settings.
  epochMs: (column) => `ROUND(UNIX_TIMESTAMP(${column}) * 1000)`,
  newEpoch: 'UUID()',
  // Not UNIX_TIMESTAMP(NOW()): that goes through the session's time zone, and once a year an hour comes twice.
  nowMs: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
  forUpdate: ' FOR UPDATE',
  forShare: ' LOCK IN SHARE MODE',

  async limitSilence(connection, seconds) {
    await connection.rows(
      `SET @eventx_wait_timeout = @@SESSION.wait_timeout, SESSION wait_timeout = ${seconds}`,
    );
  },

  async allowSilence(connection) {
    await connection.rows('SET SESSION wait_timeout = @eventx_wait_timeout');
  },

  createLogTables(tables: TableNames, withEvents: boolean) {
    const events = `CREATE TABLE IF NOT EXISTS ${quote(tables.events)} (
  \`id\` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  \`seq\` BIGINT UNSIGNED NULL,
  \`type\` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  \`key\` VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  \`headers\` MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  \`uuid\` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  \`data\` MEDIUMBLOB NOT NULL,
  \`created_at\` TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (\`id\`),
  UNIQUE KEY ${quote(`uq_${tables.events}_seq`)} (\`seq\`)
) ENGINE=InnoDB ROW_FORMAT=REDUNDANT`;
    const state = `CREATE TABLE IF NOT EXISTS ${quote(tables.state)} (
  \`name\` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  \`last_seq\` BIGINT UNSIGNED NOT NULL,
  \`epoch\` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (\`name\`)
) ENGINE=InnoDB`;
    return withEvents ? [events, state] : [state];
  },

  createConsumerTables(tables: TableNames) {
    const name = 'CHARACTER SET ascii COLLATE ascii_bin';
    const text = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
    return [
      `CREATE TABLE IF NOT EXISTS ${quote(tables.offsets)} (
  \`log\` VARCHAR(64) ${name} NOT NULL,
  \`consumer\` VARCHAR(128) ${name} NOT NULL,
  \`seq\` BIGINT UNSIGNED NOT NULL,
  \`uuid\` CHAR(36) ${name} NULL,
  \`epoch\` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  \`owner\` CHAR(36) ${name} NULL,
  \`lease_until\` BIGINT NOT NULL DEFAULT 0,
  \`wanted_by\` CHAR(36) ${name} NULL,
  \`paused\` TINYINT NOT NULL DEFAULT 0,
  \`halted\` TINYINT NOT NULL DEFAULT 0,
  \`last_error\` TEXT ${text} NULL,
  \`updated_at\` TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (\`log\`, \`consumer\`)
) ENGINE=InnoDB`,
      `CREATE TABLE IF NOT EXISTS ${quote(tables.done)} (
  \`log\` VARCHAR(64) ${name} NOT NULL,
  \`consumer\` VARCHAR(128) ${name} NOT NULL,
  \`seq\` BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (\`log\`, \`consumer\`, \`seq\`)
) ENGINE=InnoDB`,
      `CREATE TABLE IF NOT EXISTS ${quote(tables.deadLetters)} (
  \`id\` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  \`log\` VARCHAR(64) ${name} NOT NULL,
  \`consumer\` VARCHAR(128) ${name} NOT NULL,
  \`seq\` BIGINT UNSIGNED NOT NULL,
  \`type\` VARCHAR(191) ${text} NULL,
  \`key\` VARCHAR(191) ${text} NULL,
  \`reason\` VARCHAR(16) ${name} NOT NULL,
  \`attempts\` INT UNSIGNED NOT NULL,
  \`failures\` MEDIUMTEXT ${text} NOT NULL,
  \`parked_at\` BIGINT NOT NULL,
  \`claim\` CHAR(36) ${name} NULL,
  \`claimed_until\` BIGINT NOT NULL DEFAULT 0,
  \`event_id\` BIGINT UNSIGNED NOT NULL,
  \`uuid\` CHAR(36) ${name} NULL,
  \`headers\` MEDIUMTEXT ${text} NULL,
  \`data\` MEDIUMBLOB NULL,
  \`created_at\` BIGINT NULL,
  PRIMARY KEY (\`id\`),
  UNIQUE KEY ${quote(`uq_${tables.deadLetters}`)} (\`log\`, \`consumer\`, \`seq\`),
  KEY ${quote(`ix_${tables.deadLetters}_key`)} (\`log\`, \`consumer\`, \`key\`)
) ENGINE=InnoDB`,
    ];
  },

  // MySQL has no ADD COLUMN IF NOT EXISTS; a prepared statement is the one way to say it that both take, and a script of plain SQL.
  addConsumerStatus(tables: TableNames) {
    const owner = 'VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL';
    const alter = `ALTER TABLE ${quote(tables.offsets)}
  MODIFY COLUMN \`owner\` ${owner},
  MODIFY COLUMN \`wanted_by\` ${owner},
  ADD COLUMN \`failing_since\` BIGINT NULL,
  ADD COLUMN \`stuck_since\` BIGINT NULL,
  ADD COLUMN \`stuck_at\` VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL`;
    return [
      `SET @eventx_change = (SELECT CASE COUNT(*) WHEN 0 THEN '${alter}' ELSE 'DO 0' END
FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = '${tables.offsets}' AND column_name = 'stuck_at')`,
      'PREPARE eventx_change FROM @eventx_change',
      'EXECUTE eventx_change',
      'DEALLOCATE PREPARE eventx_change',
    ];
  },

  createProcessTable(tables: TableNames) {
    const name = 'CHARACTER SET ascii COLLATE ascii_bin';
    return [
      `CREATE TABLE IF NOT EXISTS ${quote(tables.processes)} (
  \`log\` VARCHAR(64) ${name} NOT NULL,
  \`id\` VARCHAR(128) ${name} NOT NULL,
  \`version\` VARCHAR(32) ${name} NOT NULL,
  \`roles\` VARCHAR(64) ${name} NOT NULL,
  \`started_at\` BIGINT NOT NULL,
  \`seen_at\` BIGINT NOT NULL,
  \`last_seq\` BIGINT UNSIGNED NULL,
  \`failing_since\` BIGINT NULL,
  \`last_error\` TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (\`log\`, \`id\`)
) ENGINE=InnoDB`,
    ];
  },

  // On a session of ours, which is READ COMMITTED: under REPEATABLE READ an open range delete makes every inserting producer wait.
  deleteSmallest: (connection, table, column, before, limit) =>
    connection.change({
      sql: `DELETE FROM ${table} WHERE ${quote(column)} < ? ORDER BY ${quote(column)} LIMIT ?`,
      parameters: [before, limit],
    }),

  async exclusively(connection, name, work) {
    // Under READ COMMITTED, as sessions of ours are, a server with binlog_format=STATEMENT lets nobody write.
    await connection.rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    // The name is per server, not per database; 64 characters at most.
    const lock = `eventx:${await this.database(connection)}:${name}`.slice(0, 64);
    const [got] = await connection.rows('SELECT GET_LOCK(?, 60) AS got', [lock]);
    if (Number(got?.got) !== 1) {
      throw new EventxSchemaError(
        'Another instance has been migrating the schema for more than a minute. Is it stuck? Look for a session that holds ' +
          `the lock ${lock} (SELECT IS_USED_LOCK('${lock}')).`,
      );
    }
    try {
      return await work();
    } finally {
      await connection.rows('SELECT RELEASE_LOCK(?)', [lock]);
    }
  },

  async database(connection) {
    const [row] = await connection.rows('SELECT DATABASE() AS `name`');
    if (row?.name == null) {
      throw new EventxSchemaError(
        'The data source names no database, so the log has no place to be. Give it the option "database".',
      );
    }
    return row.name as string;
  },

  async version(connection) {
    const [row] = await connection.rows('SELECT VERSION() AS `version`');
    return String(row?.version);
  },

  async columns(connection, table, database = null) {
    const found = await connection.rows(
      'SELECT column_name AS name FROM information_schema.columns ' +
        'WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? ORDER BY ordinal_position',
      [database, table],
    );
    return found.map((row) => String(row.name));
  },

  async uniqueIndex(connection, table, column, database = null) {
    const [index] = await connection.rows(
      'SELECT index_name AS name FROM information_schema.statistics ' +
        'WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND non_unique = 0 ' +
        'GROUP BY index_name HAVING COUNT(*) = 1 AND MIN(column_name) = ? LIMIT 1',
      [database, table, column],
    );
    return index ? String(index.name) : null;
  },

  async nonTransactional(connection, tables, database = null) {
    const found = await connection.rows(
      'SELECT table_name AS name, engine AS engine FROM information_schema.tables ' +
        `WHERE table_schema = COALESCE(?, DATABASE()) AND engine <> 'InnoDB' AND table_name IN (${tables.map(() => '?').join(', ')})`,
      [database, ...tables],
    );
    return found.map((row) => ({ table: String(row.name), engine: String(row.engine) }));
  },

  async plan(connection, { sql, parameters }) {
    const [row] = await connection.rows(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, parameters);
    const { type, key, Extra: extra } = (row ?? {}) as Record<string, string | null | undefined>;
    return {
      index: key ?? null,
      seeks:
        ['const', 'eq_ref', 'ref', 'range'].includes(String(type)) &&
        !/filesort/.test(String(extra)),
      text: `type ${type}, key ${key}, ${extra}`,
    };
  },

  unsafeSettings,
  splitReads,
  durabilityRisks,
} satisfies Omit<Dialect, 'name' | 'number' | 'openTransactions'>;
