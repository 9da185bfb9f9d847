import type { DataSource, EntityManager } from 'typeorm';

import type { SequencedEvent } from '../../event/event.js';
import { EventxUsageError } from '../../errors.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  Destination,
  Holder,
  Lease,
  OffsetNote,
  OffsetNotes,
  Placed,
  Position,
} from '../../storage/index.js';
import { breakableTransaction } from '../connections/breakable-transaction.js';
import type { LogConnections } from '../connections/log-connections.js';
import type { Row, SqlConnection, Statement } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import { holdRetention } from './first-event.js';
import {
  type ConsumerTables,
  KEPT_ELSEWHERE,
  selectRecords,
  toPosition,
  toRecord,
} from './consumer-records.js';
import { TypeOrmConsumerUnit } from './consumer-unit.js';
import { guardTransaction } from './guard-transaction.js';
import { moveTo } from './offset-statements.js';
import { StatementRunner } from './statement-runner.js';

/** Longest error text that is kept for people. */
const ERROR_LENGTH = 4000;
/** Longest text that says which handler is stuck. */
const STUCK_LENGTH = 512;

const WELL = '`last_error` = NULL, `failing_since` = NULL';
const NOT_STUCK = '`stuck_since` = NULL, `stuck_at` = NULL';

/** Offsets, leases and dead letters in the log's own database. */
export class TypeOrmConsumerStore<E extends SequencedEvent>
  implements ConsumerStore<E, EntityManager>, OffsetNotes
{
  private readonly log: string;
  private readonly offsets: string;
  private readonly statements: StatementRunner;

  constructor(
    private readonly dataSource: DataSource,
    private readonly dialect: Dialect,
    private readonly tables: ConsumerTables,
    connections: LogConnections,
  ) {
    this.statements = new StatementRunner(connections);
    this.log = tables.log;
    this.offsets = tables.sql.offsets;
  }

  register(consumer: string, start: Destination): Promise<Placed> {
    const { offset: seq, uuid } = start;
    const { nowMs, insertIgnore } = this.dialect;
    return this.place(start, async (connection) => {
      await connection.change({
        // The epoch counts on from the time: no lease from before a removal is ever valid again.
        sql: `${insertIgnore} INTO ${this.offsets} (\`log\`, \`consumer\`, \`seq\`, \`uuid\`, \`epoch\`) VALUES (?, ?, ?, ?, ${nowMs})`,
        parameters: [this.log, consumer, seq, uuid],
      });
      return true;
    });
  }

  async records(consumers?: readonly string[]): Promise<readonly ConsumerRecord[]> {
    if (consumers?.length === 0) return [];
    const rows = await this.statements.read(selectRecords(this.tables, this.dialect, consumers));
    return rows.map((row) => toRecord(row, this.tables));
  }

  async acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null> {
    const { nowMs } = this.dialect;
    const taken = await this.statements.change({
      sql:
        `UPDATE ${this.offsets} SET \`owner\` = ?, \`epoch\` = \`epoch\` + 1, \`lease_until\` = ${nowMs} + ?, ` +
        `\`wanted_by\` = NULL, ${WELL}, ${NOT_STUCK} ` +
        'WHERE `log` = ? AND `consumer` = ? AND `paused` = 0 AND `halted` = 0 ' +
        `AND (\`owner\` = ? OR \`lease_until\` <= ${nowMs} OR (\`owner\` IS NULL AND \`wanted_by\` = ?))`,
      parameters: [owner, leaseMs, this.log, consumer, owner, owner],
    });
    if (taken === 0) return null;
    // Whatever is read now is one row at one moment: if it is still ours, seq and epoch belong together.
    const row = await this.readLocking(consumer);
    if (row?.owner !== owner) return null;
    return { consumer, owner, fencingToken: toSafeInteger(row.epoch, 'epoch'), ...toPosition(row) };
  }

  async holder(consumer: string): Promise<Holder | null> {
    const row = await this.readLocking(consumer);
    return row
      ? { owner: row.owner as string | null, fencingToken: toSafeInteger(row.epoch, 'epoch') }
      : null;
  }

  async renew(owner: string, consumers: readonly string[], leaseMs: number): Promise<void> {
    // Where most consumers of the table are this owner's, MariaDB would otherwise scan all of them, and wait for each row that
    // somebody has locked.
    await this.statements.change({
      sql:
        `UPDATE ${this.offsets}${this.dialect.forceIndex('PRIMARY')} SET \`lease_until\` = ${this.dialect.nowMs} + ? ` +
        `WHERE \`log\` = ? AND \`consumer\` IN (${consumers.map(() => '?').join(', ')}) AND \`owner\` = ?`,
      parameters: [leaseMs, this.log, ...consumers, owner],
    });
  }

  async release(lease: Lease, reservedMs: number): Promise<void> {
    await this.underLease(
      lease,
      `\`owner\` = NULL, ${NOT_STUCK}, \`lease_until\` = ` +
        `CASE WHEN \`wanted_by\` IS NULL THEN 0 ELSE ${this.dialect.nowMs} + ? END`,
      [reservedMs],
    );
  }

  async requestHandover(consumer: string, owner: string, from: string): Promise<void> {
    await this.statements.change({
      sql:
        `UPDATE ${this.offsets} SET \`wanted_by\` = ? ` +
        'WHERE `log` = ? AND `consumer` = ? AND `owner` = ? AND `wanted_by` IS NULL',
      parameters: [owner, this.log, consumer, from],
    });
  }

  async commit(lease: Lease, position: Position): Promise<boolean> {
    return (await this.statements.change(moveTo(this.tables, lease, position))) === 1;
  }

  atomically(
    work: (unit: ConsumerUnit<E, EntityManager>) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<boolean> {
    let unit: TypeOrmConsumerUnit<E> | undefined;
    return breakableTransaction(
      this.dataSource,
      signal,
      (connection) => {
        guardTransaction(connection);
        unit = new TypeOrmConsumerUnit<E>(connection, this.dialect, this.tables);
        return work(unit);
      },
      () => unit?.restore() ?? Promise.resolve(),
    );
  }

  async forgetHandled({ consumer, owner, fencingToken }: Lease, upTo: number): Promise<void> {
    await this.statements.change({
      sql:
        `DELETE FROM ${this.tables.sql.done} WHERE \`log\` = ? AND \`consumer\` = ? AND \`seq\` <= ? ` +
        `AND EXISTS (SELECT 1 FROM ${this.offsets} o ` +
        'WHERE o.`log` = ? AND o.`consumer` = ? AND o.`owner` = ? AND o.`epoch` = ?)',
      parameters: [this.log, consumer, upTo, this.log, consumer, owner, fencingToken],
    });
  }

  async handledAhead(lease: Lease): Promise<readonly number[]> {
    const { consumer, offset: seq } = lease;
    // A locking read: a mark that it misses is an event that is handled twice.
    const rows = await this.statements.read({
      sql:
        `SELECT \`seq\` FROM ${this.tables.sql.done} ` +
        `WHERE \`log\` = ? AND \`consumer\` = ?${this.dialect.forUpdate}`,
      parameters: [this.log, consumer],
    });
    const marked = rows.map((row) => toSafeInteger(row.seq, 'seq'));
    const ahead = marked.filter((marked) => marked > seq);
    // Left by a crash between the write of the offset and the next one.
    if (ahead.length < marked.length) await this.forgetHandled(lease, seq);
    return ahead;
  }

  async blockedKeys(consumer: string): Promise<readonly string[]> {
    // Not DISTINCT `key`: to MySQL and MariaDB 'a' and 'a ' are the same, and one of them would be forgotten.
    const rows = await this.statements.read({
      sql:
        `SELECT DISTINCT HEX(\`key\`) AS \`key\` FROM ${this.tables.sql.deadLetters} ` +
        `WHERE \`log\` = ? AND \`consumer\` = ? AND \`key\` IS NOT NULL`,
      parameters: [this.log, consumer],
    });
    return rows.map((row) => Buffer.from(row.key as string, 'hex').toString());
  }

  async report(lease: Lease, error: string | null): Promise<void> {
    const [set, values] = error === null ? [WELL, []] : this.failing(error);
    await this.underLease(lease, set, values).catch(() => undefined);
  }

  async reportStuck(
    lease: Lease,
    call: { readonly at: string; readonly forMs: number } | null,
  ): Promise<void> {
    const values = call ? [Math.round(call.forMs), call.at.slice(0, STUCK_LENGTH)] : [];
    const set = call ? `\`stuck_since\` = ${this.dialect.nowMs} - ?, \`stuck_at\` = ?` : NOT_STUCK;
    await this.underLease(lease, set, values).catch(() => undefined);
  }

  async halt(lease: Lease, error: string): Promise<void> {
    const [set, values] = this.failing(error);
    await this.underLease(lease, `\`halted\` = 1, ${set}`, values);
  }

  async setPaused(consumer: string, paused: boolean): Promise<boolean> {
    const set = paused ? '`paused` = 1' : `\`paused\` = 0, \`halted\` = 0, ${WELL}`;
    return this.byHand(consumer, set, []);
  }

  /** The new epoch is what takes the consumer from whoever runs it, and makes the row differ from what it was. */
  seek(consumer: string, to: Destination, lease?: Lease): Promise<Placed> {
    const { offset: seq, uuid } = to;
    const valid = lease ? ' AND `owner` = ? AND `epoch` = ?' : '';
    const move = {
      sql:
        `UPDATE ${this.offsets} SET \`seq\` = ?, \`uuid\` = ?, \`epoch\` = \`epoch\` + 1, \`owner\` = NULL, ` +
        `\`lease_until\` = 0, ${NOT_STUCK} WHERE \`log\` = ? AND \`consumer\` = ?${valid}`,
      parameters: [
        seq,
        uuid,
        this.log,
        consumer,
        ...(lease ? [lease.owner, lease.fencingToken] : []),
      ],
    };
    return this.place(to, (connection) =>
      changeAll(connection, move, [this.allOf(this.tables.sql.done, consumer)]),
    );
  }

  remove(consumer: string): Promise<boolean> {
    const { offsets, done, deadLetters } = this.tables.sql;
    const others = [this.allOf(done, consumer), this.allOf(deadLetters, consumer)];
    return this.statements.connected((connection) =>
      connection.transaction(() => changeAll(connection, this.allOf(offsets, consumer), others)),
    );
  }

  async note(note: OffsetNote): Promise<Exclude<Placed, 'unknown'>> {
    const { consumer, offset: seq, owner, forMs } = note;
    const { nowMs, insertIgnore } = this.dialect;
    const set = {
      sql:
        `UPDATE ${this.offsets} SET \`seq\` = ?, \`uuid\` = NULL, \`owner\` = ?, \`lease_until\` = ${nowMs} + ? ` +
        'WHERE `log` = ? AND `consumer` = ? AND `wanted_by` = ?',
      parameters: [seq, owner, forMs, this.log, consumer, KEPT_ELSEWHERE],
    };
    const onward = { sql: `${set.sql} AND \`seq\` <= ?`, parameters: [...set.parameters, seq] };
    if ((await this.statements.change(onward)) > 0) return 'placed';
    const placed = await this.place(note, async (connection) => {
      await connection.change({
        sql:
          `${insertIgnore} INTO ${this.offsets} (\`log\`, \`consumer\`, \`seq\`, \`epoch\`, \`wanted_by\`) ` +
          `VALUES (?, ?, ?, ${nowMs}, ?)`,
        parameters: [this.log, consumer, seq, KEPT_ELSEWHERE],
      });
      return (await connection.change(set)) > 0;
    });
    if (placed !== 'unknown') return placed;
    throw new EventxUsageError(
      `Consumer "${consumer}" keeps its offset itself here, but the log has an offset of that name: another process declares it without ` +
        `"offsets", or did so before. Give one of them another name; or, if that offset is of no use any more: consumers.remove('${consumer}').`,
    );
  }

  /** Puts a consumer somewhere while retention is held. @param change answers whether the consumer is known */
  private place(
    { offset: seq, evenIfGone }: Destination,
    change: (connection: SqlConnection) => Promise<boolean>,
  ): Promise<Placed> {
    return this.statements.connected((connection) =>
      connection.transaction(async () => {
        const first = await holdRetention(connection, this.dialect, this.tables);
        if (first > seq + 1 && !evenIfGone) return 'gone';
        return (await change(connection)) ? 'placed' : 'unknown';
      }),
    );
  }

  private async readLocking(consumer: string): Promise<Row | undefined> {
    const [row] = await this.statements.read({
      sql:
        `SELECT \`owner\`, \`seq\`, \`uuid\`, \`epoch\` FROM ${this.offsets} ` +
        `WHERE \`log\` = ? AND \`consumer\` = ?${this.dialect.forUpdate}`,
      parameters: [this.log, consumer],
    });
    return row;
  }

  /** Notes an error, and since when there is one. The columns in this order: MySQL and MariaDB go on with what was set before. */
  private failing(error: string): [set: string, values: unknown[]] {
    const { nowMs } = this.dialect;
    const since = `CASE WHEN \`last_error\` IS NULL THEN ${nowMs} ELSE COALESCE(\`failing_since\`, ${nowMs}) END`;
    return [`\`failing_since\` = ${since}, \`last_error\` = ?`, [error.slice(0, ERROR_LENGTH)]];
  }

  private allOf(table: string, consumer: string): Statement {
    return {
      sql: `DELETE FROM ${table} WHERE \`log\` = ? AND \`consumer\` = ?`,
      parameters: [this.log, consumer],
    };
  }

  private async underLease(lease: Lease, set: string, values: unknown[]): Promise<void> {
    await this.statements.change({
      sql: `UPDATE ${this.offsets} SET ${set} WHERE \`log\` = ? AND \`consumer\` = ? AND \`owner\` = ? AND \`epoch\` = ?`,
      parameters: [...values, this.log, lease.consumer, lease.owner, lease.fencingToken],
    });
  }

  private async byHand(consumer: string, set: string, values: unknown[]): Promise<boolean> {
    await this.statements.change({
      sql: `UPDATE ${this.offsets} SET ${set} WHERE \`log\` = ? AND \`consumer\` = ?`,
      parameters: [...values, this.log, consumer],
    });
    // Not by the rows changed: a driver may count only those that differ.
    return (await this.records([consumer])).length > 0;
  }
}

/**
 * In a transaction, so that it is all or nothing: whoever takes the consumer up meanwhile must not meet marks of its old place, nor lose
 * those of the new one.
 * @returns whether the first statement changed anything; else the others do not run
 */
async function changeAll(
  connection: SqlConnection,
  first: Statement,
  others: readonly Statement[],
): Promise<boolean> {
  if ((await connection.change(first)) === 0) return false;
  for (const statement of others) await connection.change(statement);
  return true;
}
