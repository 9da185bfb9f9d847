import type { DataSource } from 'typeorm';

import type { EventxLogger } from '../core/logger.js';
import type { PendingEvent, SequencedEvent } from '../core/event.js';
import { TypeOrmConsumerStore } from './consumers/consumer.store.js';
import { TypeOrmDeadLetterStore } from './consumers/dead-letter.store.js';
import { withConnection } from './connection.js';
import { type Dialect, dialectOf, type UnsafeSetting } from './dialects/index.js';
import { EventxDoctor } from './doctor/doctor.js';
import { describeFindings } from './doctor/finding.js';
import { type EventEntityClass, entityMapping } from './entity-mapping.js';
import { eventEntity } from './event.entity.js';
import { type EventMapping, envelopeMapping } from './event-mapping.js';
import { EventWriter } from './outbox/event-writer.js';
import { Outbox } from './outbox/outbox.js';
import { migrate } from './schema/migrate.js';
import { verifySchema, verifyServer } from './schema/verify.js';
import { serializeSqlite } from './sqlite/serialize-sqlite.js';
import { resolveTables, type TableOptions } from './tables.js';
import { TypeOrmEventStorage } from './typeorm-event.storage.js';

export interface OpenLogOptions {
  readonly tables: TableOptions | undefined;
  /** The application's own entity, in place of the library's table. */
  readonly entity: EventEntityClass | undefined;
  /** Whether to bring the schema up to date first. */
  readonly migrate: boolean;
  readonly allowUnsafe: readonly UnsafeSetting[];
  /** In ms. */
  readonly queryTimeout: number;
}

/** Both ends of a log in a database: where the runner reads, where producers write. */
export interface OpenLog {
  readonly storage: TypeOrmEventStorage<SequencedEvent, PendingEvent>;
  readonly consumers: TypeOrmConsumerStore<SequencedEvent>;
  readonly deadLetters: TypeOrmDeadLetterStore<SequencedEvent>;
  /** Makes the producers' side. @param signal called after each commit that added events */
  outbox(signal: () => void): Outbox;
  /** Makes what examines the log. @param maxPayloadBytes largest payload that is published, headers included */
  doctor(maxPayloadBytes: number): EventxDoctor;
}

/**
 * Makes the database ready and opens the log in it.
 * @throws EventxSchemaError, EventxOptionsError
 */
export async function openLog(
  dataSource: DataSource,
  options: OpenLogOptions,
  logger: EventxLogger,
): Promise<OpenLog> {
  if (dataSource.options.type !== 'better-sqlite3') {
    // A database that hangs is to be noticed, and tried again, as one that is down.
    await withConnection(dataSource, options.queryTimeout, (connection) =>
      connection.query('SELECT 1'),
    );
  }
  const dialect = await dialectOf(dataSource);
  if (dialect.name === 'sqlite') serializeSqlite(dataSource);
  await verifyServer(dataSource, dialect, options.allowUnsafe);

  const { entity } = options;
  const mapping: EventMapping<SequencedEvent, PendingEvent> = entity
    ? entityMapping(dataSource, entity)
    : envelopeMapping;
  const tables = resolveTables(
    entity
      ? { ...options.tables, events: dataSource.getMetadata(entity).tableName }
      : options.tables,
  );
  const target = { dialect, tables, withEvents: !entity, seqColumn: mapping.seq };

  if (options.migrate) {
    const applied = await migrate(dataSource, target);
    if (applied.length > 0) logger.log(`Schema migrated: ${applied.join(', ')}.`);
  }
  const { columns } = mapping;
  const table = await verifySchema(dataSource, target, columns);
  await warnOfRisks(dataSource, dialect, options.queryTimeout, logger);

  const publishable = envelopeMapping.columns.every((column) => columns.includes(column));
  const writer = publishable ? new EventWriter(tables.events) : null;
  const createdAtColumn = mapping.createdAt;
  const consumerTables = { names: tables, seqColumn: mapping.seq, createdAtColumn };
  const { queryTimeout, allowUnsafe } = options;
  const consumers = new TypeOrmConsumerStore(dataSource, dialect, consumerTables, queryTimeout);
  const examined = { dataSource, target, table, mapping, consumers, allowUnsafe, queryTimeout };
  return {
    consumers,
    deadLetters: new TypeOrmDeadLetterStore(dataSource, dialect, tables, queryTimeout),
    storage: new TypeOrmEventStorage(dataSource, dialect, mapping, table, queryTimeout),
    outbox: (signal) =>
      new Outbox(dataSource, writer, entity ?? eventEntity(tables.events), signal),
    doctor: (maxPayloadBytes) =>
      new EventxDoctor({ ...examined, maxPayloadBytes: publishable ? maxPayloadBytes : null }),
  };
}

/** Says what can take back commits that were acknowledged. No reason not to start: some prefer the speed. */
async function warnOfRisks(
  dataSource: DataSource,
  dialect: Dialect,
  queryTimeout: number,
  logger: EventxLogger,
): Promise<void> {
  const risks = await withConnection(dataSource, queryTimeout, (connection) =>
    dialect.durabilityRisks(connection),
  );
  for (const risk of risks) logger.warn(describeFindings([risk]));
}
