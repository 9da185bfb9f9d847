import { toSafeInteger } from '../../util/safe-integer.js';
import type { ProcessRecord, ProcessReport, ProcessStore } from '../../storage/process-store.js';
import type { LogConnections } from '../connections/log-connections.js';
import type { Row, Statement } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import type { LogTables } from '../tables.js';

/** Longest error text that is kept for people. */
const ERROR_LENGTH = 4000;

/** The processes of a log, in its database. */
export class TypeOrmProcessStore implements ProcessStore {
  constructor(
    private readonly connections: LogConnections,
    private readonly dialect: Dialect,
    private readonly tables: LogTables,
  ) {}

  async report(process: ProcessReport, forgetMs: number): Promise<void> {
    const { dialect, tables } = this;
    const { nowMs } = dialect;
    const { id, version, roles, lastSeq } = process;
    const error = process.lastError?.slice(0, ERROR_LENGTH) ?? null;
    await this.connections.use(async (connection) => {
      const said = await connection.change({
        sql:
          `UPDATE ${tables.sql.processes} SET \`seen_at\` = ${nowMs}, \`last_seq\` = ?, ` +
          `\`failing_since\` = CASE WHEN ? IS NULL THEN NULL ELSE COALESCE(\`failing_since\`, ${nowMs}) END, \`last_error\` = ? ` +
          'WHERE `log` = ? AND `id` = ?',
        parameters: [lastSeq, error, error, tables.log, id],
      });
      if (said > 0) return;
      await connection.change({
        sql:
          `INSERT INTO ${tables.sql.processes} (\`log\`, \`id\`, \`version\`, \`roles\`, \`started_at\`, \`seen_at\`, \`last_seq\`, ` +
          `\`failing_since\`, \`last_error\`) VALUES (?, ?, ?, ?, ${nowMs}, ${nowMs}, ?, ${error === null ? 'NULL' : nowMs}, ?)`,
        parameters: [tables.log, id, version, roles, lastSeq, error],
      });
      // With the first report of each process, not with every one.
      await connection.change({
        sql: `DELETE FROM ${tables.sql.processes} WHERE \`log\` = ? AND \`seen_at\` < ${nowMs} - ?`,
        parameters: [tables.log, forgetMs],
      });
    });
  }

  async leave(id: string): Promise<void> {
    const { log, sql } = this.tables;
    await this.connections.use((connection) =>
      connection.change({
        sql: `DELETE FROM ${sql.processes} WHERE \`log\` = ? AND \`id\` = ?`,
        parameters: [log, id],
      }),
    );
  }

  async processes(): Promise<readonly ProcessRecord[]> {
    const { sql, parameters } = selectProcesses(this.tables, this.dialect);
    const rows = await this.connections.read((connection) => connection.rows(sql, parameters));
    return rows.map(toProcess);
  }
}

export function selectProcesses({ log, sql }: LogTables, { nowMs }: Dialect): Statement {
  return {
    sql:
      `SELECT p.*, ${nowMs} - p.\`seen_at\` AS \`silent_ms\` FROM ${sql.processes} p ` +
      'WHERE p.`log` = ? ORDER BY p.`id`',
    parameters: [log],
  };
}

/** One row of `selectProcesses`. */
export function toProcess(row: Row): ProcessRecord {
  const time = (value: unknown) => (value === null ? null : new Date(Number(value)));
  return {
    id: row.id as string,
    version: row.version as string,
    roles: row.roles as string,
    lastSeq: row.last_seq === null ? null : toSafeInteger(row.last_seq, 'last_seq'),
    lastError: row.last_error as string | null,
    startedAt: time(row.started_at)!,
    seenAt: time(row.seen_at)!,
    silentMs: Math.max(0, Number(row.silent_ms)),
    failingSince: time(row.failing_since),
  };
}
