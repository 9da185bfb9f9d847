import { setImmediate } from 'node:timers/promises';

import { EventxSchemaError } from '../../errors.js';
import type { PendingEvent, SequencedEvent } from '../../event/event.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import type {
  SequenceResult,
  DeletionTerms,
  EventxStorage,
  LogState,
  RetentionStorage,
} from '../../storage/index.js';
import type { LogConnections } from '../connections/log-connections.js';
import type { Row } from '../connections/sql-connection.js';
import { deleteEvents } from './delete-events.js';
import { grantOf, isDenied } from '../dialects/mysql/denied.js';
import type { Dialect } from '../dialects/index.js';
import { describeTransaction } from '../dialects/mysql/open-transactions.js';
import type { EventMapping } from '../mapping/event-mapping.js';
import { type EventTable, logReads, type LogReads } from './log-reads.js';
import { type NumberedTable, numbering } from './numbering.js';

/** In ms; transactions of applications are shorter. */
const OPEN_FOR_LONG_MS = 2000;

/**
 * The log in a table of a TypeORM data source. Reads are plain, consistent reads, one statement each; only `sequence` opens a
 * transaction. All of it on connections of the log's own. The SQL is written out: TypeORM's own finders cost 2 to 30 times as much here.
 */
export class TypeOrmEventStorage<E extends SequencedEvent, P extends PendingEvent>
  implements EventxStorage<E, P>, RetentionStorage
{
  private readonly sql: LogReads;
  private readonly numbered: NumberedTable;

  constructor(
    private readonly connections: LogConnections,
    private readonly dialect: Dialect,
    private readonly mapping: EventMapping<E, P>,
    private readonly table: EventTable,
  ) {
    this.numbered = {
      ...table,
      id: mapping.id,
      seq: mapping.seq,
      byPrimaryKey: dialect.forceIndex('PRIMARY'),
    };
    this.sql = logReads(dialect, mapping, table);
  }

  async readState(): Promise<LogState> {
    return this.stateOf(await this.select(this.sql.state, [this.table.log]));
  }

  async confirmState(): Promise<LogState> {
    return this.stateOf(await this.confirm(this.sql.state, [this.table.log]));
  }

  async confirmRead(from: number, limit: number): Promise<readonly E[]> {
    return (await this.confirm(this.sql.from, [from, limit])).map((row) => this.mapping.event(row));
  }

  async readPending(limit: number): Promise<readonly P[]> {
    const pending = (await this.select(this.sql.pending, [limit])).map((row) =>
      this.mapping.pending(row),
    );
    // Already in order with every server known; see `Dialect.pendingOrder`.
    return pending.sort((a, b) => a.id - b.id);
  }

  async sequence(log: LogState, pending: readonly P[]): Promise<SequenceResult<E>> {
    const ids = pending.map((event) => event.id);
    const [done, events] = await Promise.all([
      this.connections.use((connection) =>
        this.dialect.number(connection, numbering(this.numbered, log, ids)),
      ),
      // Meanwhile: the statement is on its way by then, and the server has work to do.
      setImmediate().then(() =>
        pending.map((event, index) => this.mapping.numbered(event, log.lastSeq + 1 + index)),
      ),
    ]);
    return done ? { outcome: 'sequenced', events } : { outcome: 'conflict' };
  }

  /** Somebody's transaction, most of the time: InnoDB cleans up after nobody who came later, while it is open. */
  explainSlowReads(): Promise<string | null> {
    return this.connections.use(async (connection) => {
      try {
        const [oldest] = await this.dialect.openTransactions(connection, OPEN_FOR_LONG_MS);
        if (!oldest) return null;
        return (
          `The oldest open transaction is that of ${describeTransaction(oldest)}: until it ends InnoDB cleans up after nothing ` +
          `that was numbered since. End it, or KILL ${oldest.session}.`
        );
      } catch (error) {
        if (!isDenied(error)) throw error;
        return (
          'It may be a transaction that was left open, which keeps InnoDB from cleaning up. To have it named here: ' +
          `${await grantOf('PROCESS', connection)}.`
        );
      }
    });
  }

  async read(from: number, limit: number): Promise<readonly E[]> {
    return (await this.select(this.sql.from, [from, limit])).map((row) => this.mapping.event(row));
  }

  async readLast(limit: number): Promise<readonly E[]> {
    const rows = await this.select(this.sql.last, [limit]);
    return rows.reverse().map((row) => this.mapping.event(row));
  }

  async readClock(): Promise<number> {
    const [row] = await this.select(`SELECT ${this.dialect.nowMs} AS \`now\``, []);
    return toSafeInteger(row?.now, 'the clock');
  }

  async readMinSeq(): Promise<number | null> {
    const [row] = await this.select(this.sql.min, []);
    return row?.seq == null ? null : toSafeInteger(row.seq, 'seq');
  }

  deleteBefore(before: number, limit: number, terms: DeletionTerms = {}): Promise<number> {
    const table = { ...this.table, seqColumn: this.mapping.seq };
    return this.connections.use((connection) =>
      deleteEvents(connection, this.dialect, table, before, limit, terms),
    );
  }

  private select(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.connections.read((connection) => connection.rows(sql, parameters));
  }

  /** In a transaction, which proxies that split reads from writes send to the primary whatever the statement is. */
  private confirm(sql: string, parameters: unknown[]): Promise<Row[]> {
    const { forShare } = this.dialect;
    // An embedded database has no copies, and nothing that could lock a row.
    if (forShare === '') return this.select(sql, parameters);
    return this.connections.fresh((connection) =>
      connection.transaction(() => connection.rows(sql + forShare, parameters)),
    );
  }

  private stateOf([row]: readonly Row[]): LogState {
    if (!row) {
      throw new EventxSchemaError(
        `Table "${this.table.tables.state}" has no row for the log "${this.table.log}". It was deleted, or the ` +
          `migrations were not run. Without it numbers could be given twice, so nothing is sequenced.`,
      );
    }
    return { lastSeq: toSafeInteger(row.lastSeq, 'last_seq'), logId: row.epoch as string };
  }
}
