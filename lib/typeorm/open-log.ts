import type { DataSource } from 'typeorm';

import { EventxOptionsError } from '../errors.js';
import type { EventxLogger } from '../util/logger.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import { TypeOrmConsumerStore } from './stores/consumer.store.js';
import { TypeOrmDeadLetterStore } from './stores/dead-letter.store.js';
import type { LogConnections } from './connections/log-connections.js';
import { openConnections } from './connections/open-connections.js';
import { assertKnown, type Dialect, dialectOf, type UnsafeSetting } from './dialects/index.js';
import { describeDatabase } from './describe-database.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { describeFindings } from '../doctor/finding.js';
import { poolRisks } from '../doctor/pool.js';
import { type EventEntityClass, entityMapping } from './mapping/entity-mapping.js';
import { eventEntity } from './mapping/event.entity.js';
import { type EventMapping, envelopeMapping } from './mapping/event-mapping.js';
import { EventWriter } from './outbox/event-writer.js';
import { Outbox } from './outbox/outbox.js';
import { TypeOrmProcessStore } from './stores/process.store.js';
import { assertNotMapped } from './schema/entities.js';
import { migrate } from './schema/migrate.js';
import { verifySchema, verifyServer } from './schema/verify.js';
import { type LogTables, logTables, resolveTables, type TableOptions } from './tables.js';
import { TypeOrmEventStorage } from './stores/typeorm-event.storage.js';

export interface OpenLogOptions {
  readonly tables: TableOptions | undefined;
  /** The application's own entity, in place of the library's table. */
  readonly entity: EventEntityClass | undefined;
  /** Whether to bring the schema up to date first. */
  readonly migrate: boolean;
  readonly allowUnsafe: readonly UnsafeSetting[];
  /** In ms. */
  readonly queryTimeout: number;
  /** Most connections of the log's own. */
  readonly connections: number;
}

/** Both ends of a log in a database: where the runner reads, where producers write. */
export interface OpenLog {
  /** What it is and where, for people. */
  readonly description: string;
  readonly storage: TypeOrmEventStorage<SequencedEvent, PendingEvent>;
  readonly consumers: TypeOrmConsumerStore<SequencedEvent>;
  readonly deadLetters: TypeOrmDeadLetterStore<SequencedEvent>;
  readonly processes: TypeOrmProcessStore;
  /** Makes the producers' side. @param signal called after each commit that added events */
  outbox(signal: () => void): Outbox;
  /** Makes what examines the log. @param maxPayloadBytes largest payload that is published, headers included */
  doctor(maxPayloadBytes: number): EventxDoctor;
  /** Most connections that the application may hold at a time; null where it has a single one. */
  readonly poolSize: number | null;
  /** Closes the log's own connections, for good. */
  close(): Promise<void>;
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
  assertKnown(dataSource);
  const { queryTimeout: timeoutMs, connections: size } = options;
  const connections = openConnections(dataSource, { size, timeoutMs });
  try {
    return await openIn(dataSource, connections, options, logger);
  } catch (error) {
    await connections.close();
    throw error;
  }
}

async function openIn(
  dataSource: DataSource,
  connections: LogConnections,
  options: OpenLogOptions,
  logger: EventxLogger,
): Promise<OpenLog> {
  const dialect = await connections.use((connection) => dialectOf(dataSource, connection));
  await verifyServer(connections, dialect, options.allowUnsafe);

  const { entity, allowUnsafe } = options;
  const mapping: EventMapping<SequencedEvent, PendingEvent> = entity
    ? entityMapping(dataSource, entity)
    : envelopeMapping;
  const place = await placeOf(dataSource, connections, dialect, options);
  assertNotMapped(dataSource, place, entity);
  const target = { ...place, dialect, withEvents: !entity, seqColumn: mapping.seq };

  if (options.migrate) {
    const applied = await migrate(connections, target);
    if (applied.length > 0) logger.log(`Schema migrated: ${applied.join(', ')}.`);
  }
  const { columns } = mapping;
  const table = await verifySchema(connections, target, columns);
  await warnOfRisks(connections, dialect, logger);

  const publishable = envelopeMapping.columns.every((column) => columns.includes(column));
  const writer = publishable ? new EventWriter(place.sql.events) : null;
  const consumerTables = {
    ...table,
    seqColumn: mapping.seq,
    createdAtColumn: mapping.createdAt,
  };
  const consumers = new TypeOrmConsumerStore(dataSource, dialect, consumerTables, connections);
  const examined = { connections, target, table, mapping, consumers: consumerTables, allowUnsafe };
  return {
    description: `"${place.tables.events}" in ${await describeDatabase(dataSource, connections, dialect)}`,
    consumers,
    deadLetters: new TypeOrmDeadLetterStore(dataSource, dialect, place, connections),
    processes: new TypeOrmProcessStore(connections, dialect, place),
    storage: new TypeOrmEventStorage(connections, dialect, mapping, table),
    outbox: (signal) =>
      new Outbox(dataSource, writer, entity ?? eventEntity(place.tables.events), signal),
    doctor: (maxPayloadBytes) =>
      new EventxDoctor({ ...examined, maxPayloadBytes: publishable ? maxPayloadBytes : null }),
    poolSize: connections.applicationPool()?.size ?? null,
    close: () => connections.close(),
  };
}

/** Where the tables of the log are. */
async function placeOf(
  dataSource: DataSource,
  connections: LogConnections,
  dialect: Dialect,
  { entity, tables }: OpenLogOptions,
): Promise<LogTables> {
  const database = await connections.use((connection) => dialect.database(connection));
  if (!entity) return logTables(resolveTables(tables), database);
  const { tableName, database: own } = dataSource.getMetadata(entity);
  if (own !== undefined && database === null) {
    throw new EventxOptionsError(
      `Option "entity": ${entity.name} is in another file ("${own}"). On the embedded database the log is in the file of its data source.`,
    );
  }
  return logTables(resolveTables({ ...tables, events: tableName }), database, own ?? database);
}

/** Says what can take back commits that were acknowledged. No reason not to start: some prefer the speed. */
async function warnOfRisks(
  connections: LogConnections,
  dialect: Dialect,
  logger: EventxLogger,
): Promise<void> {
  const risks = [
    ...(await connections.use((connection) => dialect.durabilityRisks(connection))),
    ...poolRisks(connections.applicationPool()),
  ];
  for (const risk of risks) logger.warn(describeFindings([risk]));
}
