import type { DataSource } from 'typeorm';

import { EventxOptionsError } from '../errors.js';
import type { EventxLogger } from '../util/logger.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import { TypeOrmConsumerStore } from '../typeorm/stores/consumer.store.js';
import { TypeOrmDeadLetterStore } from '../typeorm/stores/dead-letter.store.js';
import type { LogConnections } from '../typeorm/connections/log-connections.js';
import { openConnections } from '../typeorm/connections/open-connections.js';
import {
  assertKnown,
  type Dialect,
  dialectOf,
  type UnsafeSetting,
} from '../typeorm/dialects/index.js';
import { describeDatabase } from './describe-database.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { describeFindings } from '../doctor/finding.js';
import { poolRisks } from '../doctor/pool.js';
import { entityMapping } from '../typeorm/mapping/entity-mapping.js';
import { eventEntity } from '../typeorm/mapping/event.entity.js';
import { type EventMapping, envelopeMapping } from '../typeorm/mapping/event-mapping.js';
import { EventWriter } from '../typeorm/outbox/event-writer.js';
import { Outbox } from '../typeorm/outbox/outbox.js';
import { TypeOrmProcessStore } from '../typeorm/stores/process.store.js';
import { assertNotMapped } from '../typeorm/schema/entities.js';
import { migrate } from '../typeorm/schema/migrate.js';
import type { LogPlace } from './event-log-options.js';
import type { StoredLog } from './stored-log.js';
import { verifySchema, verifyServer } from './verify.js';
import { type LogTables, logTables, resolveTables } from '../typeorm/tables.js';
import { TypeOrmEventStorage } from '../typeorm/stores/typeorm-event.storage.js';

/** What of a log's options the database is made ready by. */
interface OpenOptions extends LogPlace {
  /** Whether to bring the schema up to date first. */
  readonly migrate: boolean;
  readonly allowUnsafe: readonly UnsafeSetting[];
  /** In ms. */
  readonly queryTimeout: number;
  /** Most connections of the log's own. */
  readonly connections: number;
  readonly maxPayloadBytes: number;
}

/** A log in a database of TypeORM, which has everything. */
export interface DatabaseLog extends StoredLog {
  readonly storage: TypeOrmEventStorage<SequencedEvent, PendingEvent>;
  readonly retained: TypeOrmEventStorage<SequencedEvent, PendingEvent>;
  readonly consumers: TypeOrmConsumerStore<SequencedEvent>;
  readonly deadLetters: TypeOrmDeadLetterStore<SequencedEvent>;
  readonly processes: TypeOrmProcessStore;
}

/**
 * Makes the database ready and opens the log in it.
 * @throws EventxSchemaError, EventxOptionsError
 */
export async function openInDatabase(
  dataSource: DataSource,
  options: OpenOptions,
  logger: EventxLogger,
): Promise<DatabaseLog> {
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
  options: OpenOptions,
  logger: EventxLogger,
): Promise<DatabaseLog> {
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
  const storage = new TypeOrmEventStorage(connections, dialect, mapping, table);
  const examined = { connections, target, table, mapping, consumers: consumerTables, allowUnsafe };
  return {
    description: `"${place.tables.events}" in ${await describeDatabase(dataSource, connections, dialect)}`,
    consumers,
    offsetNotes: consumers,
    deadLetters: new TypeOrmDeadLetterStore(dataSource, dialect, place, connections),
    processes: new TypeOrmProcessStore(connections, dialect, place),
    storage,
    retained: storage,
    outbox: (signal) =>
      new Outbox(dataSource, writer, entity ?? eventEntity(place.tables.events), signal),
    doctor: new EventxDoctor({
      ...examined,
      maxPayloadBytes: publishable ? options.maxPayloadBytes : null,
    }),
    poolSize: connections.applicationPool()?.size ?? null,
    close: () => connections.close(),
  };
}

/** Where the tables of the log are. */
async function placeOf(
  dataSource: DataSource,
  connections: LogConnections,
  dialect: Dialect,
  { entity, tables }: OpenOptions,
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
