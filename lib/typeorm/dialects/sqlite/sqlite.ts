import { quote, type TableNames } from '../../tables.js';
import { type Dialect, findingIf } from '../dialect.js';
import { numberInTransaction } from '../mysql/number-in-transaction.js';

/** SQLite through TypeORM's better-sqlite3 driver: one writer at a time, behind the lock of `serializeSqlite`. */
export const sqlite: Dialect = {
  name: 'sqlite',
  insertIgnore: 'INSERT OR IGNORE',
  orKeep: ' ON CONFLICT DO NOTHING',
  forceIndex: () => '',
  // Free: an index of SQLite ends in the row id.
  pendingOrder: (id) => `ORDER BY ${quote(id)}`,
  epochMs: (column) => `CAST(ROUND((julianday(${column}) - 2440587.5) * 86400000) AS INTEGER)`,
  newEpoch: 'lower(hex(randomblob(16)))',
  nowMs: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
  // A transaction that writes has the database to itself.
  forUpdate: '',
  forShare: '',

  // There is no server that could end it.
  limitSilence: () => Promise.resolve(),
  allowSilence: () => Promise.resolve(),

  number: numberInTransaction,

  deleteSmallest: (connection, table, column, before, limit) =>
    connection.change({
      sql:
        `DELETE FROM ${table} WHERE ${quote(column)} IN ` +
        `(SELECT ${quote(column)} FROM ${table} WHERE ${quote(column)} < ? ORDER BY ${quote(column)} LIMIT ?)`,
      parameters: [before, limit],
    }),

  createLogTables(tables: TableNames, withEvents: boolean) {
    const events = [
      `CREATE TABLE IF NOT EXISTS ${quote(tables.events)} (
  \`id\` INTEGER PRIMARY KEY AUTOINCREMENT,
  \`seq\` INTEGER NULL,
  \`type\` TEXT NOT NULL,
  \`key\` TEXT NULL,
  \`headers\` TEXT NULL,
  \`uuid\` TEXT NOT NULL,
  \`data\` BLOB NOT NULL,
  \`created_at\` TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
)`,
      `CREATE UNIQUE INDEX IF NOT EXISTS ${quote(`uq_${tables.events}_seq`)} ON ${quote(tables.events)} (\`seq\`)`,
    ];
    const state = `CREATE TABLE IF NOT EXISTS ${quote(tables.state)} (
  \`name\` TEXT PRIMARY KEY,
  \`last_seq\` INTEGER NOT NULL,
  \`epoch\` TEXT NOT NULL
)`;
    return withEvents ? [...events, state] : [state];
  },

  createConsumerTables(tables: TableNames) {
    return [
      `CREATE TABLE IF NOT EXISTS ${quote(tables.offsets)} (
  \`log\` TEXT NOT NULL,
  \`consumer\` TEXT NOT NULL,
  \`seq\` INTEGER NOT NULL,
  \`uuid\` TEXT NULL,
  \`epoch\` INTEGER NOT NULL DEFAULT 0,
  \`owner\` TEXT NULL,
  \`lease_until\` INTEGER NOT NULL DEFAULT 0,
  \`wanted_by\` TEXT NULL,
  \`paused\` INTEGER NOT NULL DEFAULT 0,
  \`halted\` INTEGER NOT NULL DEFAULT 0,
  \`last_error\` TEXT NULL,
  \`updated_at\` TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (\`log\`, \`consumer\`)
)`,
      `CREATE TABLE IF NOT EXISTS ${quote(tables.done)} (
  \`log\` TEXT NOT NULL,
  \`consumer\` TEXT NOT NULL,
  \`seq\` INTEGER NOT NULL,
  PRIMARY KEY (\`log\`, \`consumer\`, \`seq\`)
)`,
      `CREATE TABLE IF NOT EXISTS ${quote(tables.deadLetters)} (
  \`id\` INTEGER PRIMARY KEY AUTOINCREMENT,
  \`log\` TEXT NOT NULL,
  \`consumer\` TEXT NOT NULL,
  \`seq\` INTEGER NOT NULL,
  \`type\` TEXT NULL,
  \`key\` TEXT NULL,
  \`reason\` TEXT NOT NULL,
  \`attempts\` INTEGER NOT NULL,
  \`failures\` TEXT NOT NULL,
  \`parked_at\` INTEGER NOT NULL,
  \`claim\` TEXT NULL,
  \`claimed_until\` INTEGER NOT NULL DEFAULT 0,
  \`event_id\` INTEGER NOT NULL,
  \`uuid\` TEXT NULL,
  \`headers\` TEXT NULL,
  \`data\` BLOB NULL,
  \`created_at\` INTEGER NULL,
  UNIQUE (\`log\`, \`consumer\`, \`seq\`)
)`,
      `CREATE INDEX IF NOT EXISTS ${quote(`ix_${tables.deadLetters}_key`)} ON ${quote(tables.deadLetters)} (\`log\`, \`consumer\`, \`key\`)`,
    ];
  },

  // SQLite has no ADD COLUMN IF NOT EXISTS, nor anything like it in SQL alone; so the table is made anew. If it was anew already, that
  // costs no more than the status of the moment.
  addConsumerStatus(tables: TableNames) {
    const next = quote(`${tables.offsets}_next`);
    const kept =
      '`log`, `consumer`, `seq`, `uuid`, `epoch`, `owner`, `lease_until`, `wanted_by`, `paused`, `halted`, `last_error`, `updated_at`';
    return [
      `CREATE TABLE IF NOT EXISTS ${next} (
  \`log\` TEXT NOT NULL,
  \`consumer\` TEXT NOT NULL,
  \`seq\` INTEGER NOT NULL,
  \`uuid\` TEXT NULL,
  \`epoch\` INTEGER NOT NULL DEFAULT 0,
  \`owner\` TEXT NULL,
  \`lease_until\` INTEGER NOT NULL DEFAULT 0,
  \`wanted_by\` TEXT NULL,
  \`paused\` INTEGER NOT NULL DEFAULT 0,
  \`halted\` INTEGER NOT NULL DEFAULT 0,
  \`last_error\` TEXT NULL,
  \`updated_at\` TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  \`failing_since\` INTEGER NULL,
  \`stuck_since\` INTEGER NULL,
  \`stuck_at\` TEXT NULL,
  PRIMARY KEY (\`log\`, \`consumer\`)
)`,
      `INSERT OR IGNORE INTO ${next} (${kept}) SELECT ${kept} FROM ${quote(tables.offsets)}`,
      `DROP TABLE ${quote(tables.offsets)}`,
      `ALTER TABLE ${next} RENAME TO ${quote(tables.offsets)}`,
    ];
  },

  createProcessTable(tables: TableNames) {
    return [
      `CREATE TABLE IF NOT EXISTS ${quote(tables.processes)} (
  \`log\` TEXT NOT NULL,
  \`id\` TEXT NOT NULL,
  \`version\` TEXT NOT NULL,
  \`roles\` TEXT NOT NULL,
  \`started_at\` INTEGER NOT NULL,
  \`seen_at\` INTEGER NOT NULL,
  \`last_seq\` INTEGER NULL,
  \`failing_since\` INTEGER NULL,
  \`last_error\` TEXT NULL,
  PRIMARY KEY (\`log\`, \`id\`)
)`,
    ];
  },

  exclusively: (connection, _name, work) => connection.transaction(work),

  database: () => Promise.resolve(null),

  async version(connection) {
    const [row] = await connection.rows('SELECT sqlite_version() AS `version`');
    return String(row?.version);
  },

  async columns(connection, table) {
    const found = await connection.rows(`PRAGMA table_info(${quote(table)})`);
    return found.map(({ name }) => String(name));
  },

  async uniqueIndex(connection, table, column) {
    const [index] = await connection.rows(
      'SELECT list.name FROM pragma_index_list(?) AS list ' +
        'WHERE list."unique" = 1 AND (SELECT group_concat(info.name) FROM pragma_index_info(list.name) AS info) = ?',
      [table, column],
    );
    return index ? String(index.name) : null;
  },

  nonTransactional: () => Promise.resolve([]),

  async plan(connection, { sql, parameters }) {
    const steps = await connection.rows(`EXPLAIN QUERY PLAN ${sql}`, parameters);
    const text = steps.map(({ detail }) => String(detail)).join(', ');
    return {
      index: / USING (?:COVERING )?INDEX (\S+)/.exec(text)?.[1] ?? null,
      seeks: text.startsWith('SEARCH ') && !text.includes('TEMP B-TREE'),
      text,
    };
  },

  unsafeSettings: () => Promise.resolve([]),
  splitReads: () => Promise.resolve([]),
  openTransactions: () => Promise.resolve([]),

  async durabilityRisks(connection) {
    const [database] = await connection.rows('PRAGMA database_list');
    // In memory nothing is durable, and nobody expects it.
    if (!database?.file) return [];
    const [flush] = await connection.rows('PRAGMA synchronous');
    const [journal] = await connection.rows('PRAGMA journal_mode');
    const mode = String(journal?.journal_mode).toLowerCase();
    const setBy = 'which the library sets when it connects: look for what sets it later';
    return [
      ...findingIf(
        Number(flush?.synchronous) < 2,
        'flush-log',
        `synchronous is ${String(flush?.synchronous)}: when the machine crashes, the last commits are gone, though they were acknowledged. ` +
          'Events that were delivered can vanish, and their numbers be given to others (G2, G8).',
        `PRAGMA synchronous = FULL, ${setBy}`,
      ),
      ...findingIf(
        mode === 'off' || mode === 'memory',
        'journal-mode',
        `journal_mode is ${mode}: a crash in the middle of a commit can destroy the whole file.`,
        `PRAGMA journal_mode = WAL, ${setBy}`,
      ),
    ];
  },
};
