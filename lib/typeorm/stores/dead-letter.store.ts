import type { DataSource, EntityManager } from 'typeorm';

import { EventxEvent } from '../../event/eventx-event.js';
import type { SequencedEvent } from '../../event/event.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPlace,
  DeadLetterStore,
  FailedAttempt,
} from '../../storage/index.js';
import { breakableTransaction } from '../connections/breakable-transaction.js';
import type { LogConnections } from '../connections/log-connections.js';
import { QueryRunnerConnection } from '../connections/query-runner-connection.js';
import type { Row, Statement } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import { toStored } from '../mapping/event-mapping.js';
import type { LogTables } from '../tables.js';
import { exactly } from './exactly.js';
import { guardTransaction } from './guard-transaction.js';
import { StatementRunner } from './statement-runner.js';

const DEFAULT_LIMIT = 100;

/** The dead letters, beside the offsets. */
export class TypeOrmDeadLetterStore<E extends SequencedEvent> implements DeadLetterStore<
  E,
  EntityManager
> {
  private readonly table: string;
  private readonly log: string;
  private readonly statements: StatementRunner;

  constructor(
    private readonly dataSource: DataSource,
    private readonly dialect: Dialect,
    { log, sql }: LogTables,
    connections: LogConnections,
  ) {
    this.statements = new StatementRunner(connections);
    this.table = sql.deadLetters;
    this.log = log;
  }

  async find(filter: DeadLetterFilter): Promise<readonly DeadLetter<E>[]> {
    const rows = await this.statements.read(this.selection('*', filter));
    return rows.map(toDeadLetter<E>);
  }

  async get(id: number): Promise<DeadLetter<E> | null> {
    const [row] = await this.statements.read({
      sql: `SELECT * FROM ${this.table} WHERE \`log\` = ? AND \`id\` = ?`,
      parameters: [this.log, id],
    });
    return row ? toDeadLetter<E>(row) : null;
  }

  async olderOfKey({
    consumer,
    key,
    seq,
  }: Pick<DeadLetter, 'consumer' | 'key' | 'seq'>): Promise<Pick<DeadLetter, 'id' | 'seq'> | null> {
    if (key === null) return null;
    const isOfKey = exactly('key', key);
    const [row] = await this.statements.read({
      sql:
        `SELECT \`id\`, \`seq\` FROM ${this.table} WHERE \`log\` = ? AND \`consumer\` = ? AND ${isOfKey.sql} ` +
        'AND `seq` < ? ORDER BY `seq` LIMIT 1',
      parameters: [this.log, consumer, ...isOfKey.parameters, seq],
    });
    return row ? { id: toSafeInteger(row.id, 'id'), seq: toSafeInteger(row.seq, 'seq') } : null;
  }

  async claim(id: number, claim: string, forMs: number): Promise<boolean> {
    const { nowMs } = this.dialect;
    const claimed = await this.statements.change({
      sql:
        `UPDATE ${this.table} SET \`claim\` = ?, \`claimed_until\` = ${nowMs} + ? ` +
        `WHERE \`log\` = ? AND \`id\` = ? AND (\`claim\` IS NULL OR \`claimed_until\` <= ${nowMs})`,
      parameters: [claim, forMs, this.log, id],
    });
    return claimed === 1;
  }

  async unclaim(id: number, claim: string, failure: FailedAttempt): Promise<void> {
    const letter = await this.get(id);
    await this.statements.change({
      sql:
        `UPDATE ${this.table} SET \`claim\` = NULL, \`attempts\` = \`attempts\` + 1, \`failures\` = ?, \`reason\` = 'failed' ` +
        'WHERE `log` = ? AND `id` = ? AND `claim` = ?',
      parameters: [
        JSON.stringify([...(letter?.failures ?? []), failure].slice(-20)),
        this.log,
        id,
        claim,
      ],
    });
  }

  async deleteClaimed(id: number, claim: string): Promise<boolean> {
    return (await this.statements.change(this.removal(id, claim))) === 1;
  }

  deleteClaimedWith(
    id: number,
    claim: string,
    work: (manager: EntityManager) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    return breakableTransaction(this.dataSource, signal, async (connection) => {
      guardTransaction(connection);
      // First, so that its lock keeps a second replay out until the end.
      const removed = await new QueryRunnerConnection(connection).change(this.removal(id, claim));
      if (removed !== 1) return false;
      await work(connection.manager);
      return true;
    });
  }

  async discard(id: number): Promise<boolean> {
    const discarded = await this.statements.change({
      sql: `DELETE FROM ${this.table} WHERE \`log\` = ? AND \`id\` = ?`,
      parameters: [this.log, id],
    });
    return discarded === 1;
  }

  async discardSome(filter: DeadLetterFilter): Promise<number> {
    // In two statements: a DELETE that reads them itself would lock what it passes, and the consumer parks there.
    const rows = await this.statements.read(this.selection('`id`', filter));
    if (rows.length === 0) return 0;
    return this.statements.change({
      sql: `DELETE FROM ${this.table} WHERE \`log\` = ? AND \`id\` IN (${rows.map(() => '?').join(', ')})`,
      parameters: [this.log, ...rows.map(({ id }) => id)],
    });
  }

  private selection(columns: string, filter: DeadLetterFilter): Statement {
    const { consumer, type, key, since, until, after, limit = DEFAULT_LIMIT } = filter;
    const given: Statement[] = [{ sql: '`log` = ?', parameters: [this.log] }];
    if (consumer !== undefined) given.push({ sql: '`consumer` = ?', parameters: [consumer] });
    if (type !== undefined) given.push(exactly('type', type));
    if (key !== undefined) given.push(exactly('key', key));
    if (since) given.push({ sql: '`parked_at` >= ?', parameters: [since.getTime()] });
    if (until) given.push({ sql: '`parked_at` < ?', parameters: [until.getTime()] });
    if (after) given.push(behind(after));
    return {
      sql:
        `SELECT ${columns} FROM ${this.table} WHERE ${given.map(({ sql }) => sql).join(' AND ')} ` +
        'ORDER BY `consumer`, `seq` LIMIT ?',
      parameters: [...given.flatMap(({ parameters }) => parameters), limit],
    };
  }

  private removal(id: number, claim: string): Statement {
    return {
      sql: `DELETE FROM ${this.table} WHERE \`log\` = ? AND \`id\` = ? AND \`claim\` = ?`,
      parameters: [this.log, id, claim],
    };
  }
}

/** Written out: MySQL and MariaDB make no range of `(consumer, seq) > (?, ?)`, and would read the index from its beginning. */
function behind({ consumer, seq }: DeadLetterPlace): Statement {
  return {
    sql: '(`consumer` > ? OR (`consumer` = ? AND `seq` > ?))',
    parameters: [consumer, consumer, seq],
  };
}

function toDeadLetter<E extends SequencedEvent>(row: Row): DeadLetter<E> {
  const seq = toSafeInteger(row.seq, 'seq');
  return {
    id: toSafeInteger(row.id, 'id'),
    consumer: row.consumer as string,
    seq,
    type: row.type as string | null,
    key: row.key as string | null,
    reason: row.reason as DeadLetter['reason'],
    attempts: Number(row.attempts),
    failures: JSON.parse(row.failures as string) as FailedAttempt[],
    parkedAt: new Date(Number(row.parked_at)),
    event: copyOf(row, seq) as E | null,
  };
}

/** The event as it was parked; null for events without an envelope, of which there is no copy. */
function copyOf(row: Row, seq: number): SequencedEvent | null {
  if (row.data === null || row.uuid === null) return null;
  return new EventxEvent(seq, toStored(row, 'event_id'));
}
