import type { EntityManager, QueryRunner } from 'typeorm';

import { EventxEvent } from '../../event/eventx-event.js';
import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerUnit, Lease, NewDeadLetter, Position } from '../../storage/index.js';
import { QueryRunnerConnection } from '../connections/query-runner-connection.js';
import type { SqlConnection } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import type { LogTables } from '../tables.js';
import { exactly } from './exactly.js';
import { moveTo } from './offset-statements.js';

/**
 * How long a process may fall silent, in seconds, once it has locked the consumer's offset: as long as others wait by default for its
 * lease to run out.
 */
const SILENCE_S = 5;

/** What a consumer does in one transaction, on the connection of that transaction. */
export class TypeOrmConsumerUnit<E extends SequencedEvent> implements ConsumerUnit<
  E,
  EntityManager
> {
  private readonly connection: SqlConnection;
  private silenceIsLimited = false;

  constructor(
    private readonly runner: QueryRunner,
    private readonly dialect: Dialect,
    private readonly tables: LogTables,
  ) {
    this.connection = new QueryRunnerConnection(runner);
  }

  get manager(): EntityManager {
    return this.runner.manager;
  }

  async moveTo(lease: Lease, position: Position): Promise<boolean> {
    await this.limitSilence();
    return (await this.connection.change(moveTo(this.tables, lease, position))) === 1;
  }

  async markHandled(lease: Lease, seq: number): Promise<boolean> {
    if (!(await this.holds(lease))) return false;
    const { tables, connection, dialect } = this;
    const inserted = await connection.change({
      sql: `${dialect.insertIgnore} INTO ${tables.sql.done} (\`log\`, \`consumer\`, \`seq\`) VALUES (?, ?, ?)`,
      parameters: [tables.log, lease.consumer, seq],
    });
    return inserted === 1;
  }

  async park(lease: Lease, letters: readonly NewDeadLetter<E>[]): Promise<void> {
    const { tables, connection, dialect } = this;
    for (const { event, reason, attempts, failures } of letters) {
      const { type, key } = envelopeOf(event);
      const copy = event instanceof EventxEvent ? event.stored : null;
      await connection.rows(
        `INSERT INTO ${tables.sql.deadLetters} (\`log\`, \`consumer\`, \`seq\`, \`type\`, \`key\`, ` +
          '`reason`, `attempts`, `failures`, `parked_at`, `event_id`, `uuid`, `headers`, `data`, `created_at`) ' +
          `VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${dialect.nowMs}, ?, ?, ?, ?, ?)${dialect.orKeep}`,
        [
          tables.log,
          lease.consumer,
          event.seq,
          type,
          key,
          reason,
          attempts,
          JSON.stringify(failures),
          event.id,
          copy?.uuid ?? null,
          copy?.headers ?? null,
          copy?.data ?? null,
          copy?.createdAt ?? null,
        ],
      );
    }
  }

  async isBlocked(lease: Lease, key: string): Promise<boolean> {
    const isOfKey = exactly('key', key);
    const rows = await this.connection.rows(
      `SELECT \`id\` FROM ${this.tables.sql.deadLetters} ` +
        `WHERE \`log\` = ? AND \`consumer\` = ? AND ${isOfKey.sql} LIMIT 1${this.dialect.forUpdate}`,
      [this.tables.log, lease.consumer, ...isOfKey.parameters],
    );
    return rows.length > 0;
  }

  /** Puts the connection back to how the pool gave it; to be called when the transaction has ended. */
  async restore(): Promise<void> {
    if (this.silenceIsLimited) await this.dialect.allowSilence(this.connection);
  }

  private async limitSilence(): Promise<void> {
    if (this.silenceIsLimited) return;
    this.silenceIsLimited = true;
    await this.dialect.limitSilence(this.connection, SILENCE_S);
  }

  /** A locking read: it sees the latest epoch, and nobody can take the consumer over before this transaction ends. */
  private async holds(lease: Lease): Promise<boolean> {
    await this.limitSilence();
    const rows = await this.connection.rows(
      `SELECT 1 FROM ${this.tables.sql.offsets} ` +
        `WHERE \`log\` = ? AND \`consumer\` = ? AND \`owner\` = ? AND \`epoch\` = ?${this.dialect.forShare}`,
      [this.tables.log, lease.consumer, lease.owner, lease.fencingToken],
    );
    return rows.length > 0;
  }
}
