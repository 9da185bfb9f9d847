import { describe, test } from '@jest/globals';
import { storageContract, InMemoryEventStorage, type StorageHarness } from 'nestjs-eventx/testing';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

import { encodeEvent } from '../../lib/event/envelope.js';
import type { EventEntityClass } from '../../lib/typeorm/mapping/entity-mapping.js';
import { envelopeMapping } from '../../lib/typeorm/mapping/event-mapping.js';
import { dialectNamed } from '../../lib/typeorm/dialects/index.js';
import { EventWriter } from '../../lib/typeorm/outbox/event-writer.js';
import { openConnections } from '../../lib/typeorm/connections/open-connections.js';
import { logTables, resolveTables } from '../../lib/typeorm/tables.js';
import { TypeOrmEventStorage } from '../../lib/typeorm/stores/typeorm-event.storage.js';
import { connect, type Database, emptyDatabase } from '../support/data-sources.js';
import { openDatabaseLog } from '../support/database-log.js';

/** An entity as an application of the Go library would bring it: other names, no envelope. */
@Entity('shop_log', { synchronize: false })
class ShopEvent {
  @PrimaryGeneratedColumn({ type: 'bigint', name: 'shop_id' })
  id!: number;

  @Column({ type: 'bigint', name: 'shop_seq', nullable: true })
  seq!: number;

  @Column({ type: 'varchar', length: 100 })
  what!: string;

  get size(): number {
    return this.what.length;
  }
}

interface Variant {
  readonly name: string;
  readonly database: Database;
  readonly entity?: EventEntityClass;
  /** Statements that make the entity's table. */
  readonly createTable?: readonly string[];
  /** Runs the SQL meant for MySQL, which MariaDB takes as well. */
  readonly asMySql?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'MariaDB', database: 'mariadb' },
  { name: 'the statements for MySQL, on MariaDB', database: 'mariadb', asMySql: true },
  { name: 'SQLite', database: 'sqlite' },
  {
    name: 'an own entity on MariaDB',
    database: 'mariadb',
    entity: ShopEvent,
    createTable: [
      'CREATE TABLE shop_log (shop_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, shop_seq BIGINT UNSIGNED NULL, ' +
        'what VARCHAR(100) NOT NULL, UNIQUE KEY by_seq (shop_seq))',
    ],
  },
  {
    name: 'an own entity on SQLite',
    database: 'sqlite',
    entity: ShopEvent,
    createTable: [
      'CREATE TABLE shop_log (shop_id INTEGER PRIMARY KEY AUTOINCREMENT, shop_seq INTEGER NULL UNIQUE, what TEXT NOT NULL)',
    ],
  },
];

describe.each(VARIANTS)('storage contract: $name', (variant) => {
  for (const { name, run } of storageContract(() => createHarness(variant))) test(name, run);
});

describe('storage contract: in memory', () => {
  const cases = storageContract(() => {
    const storage = new InMemoryEventStorage<number>();
    const payloads = (count: number) => Array.from({ length: count }, (_, index) => index);
    return Promise.resolve<StorageHarness>({
      storage,
      rival: storage,
      insert: (count) => Promise.resolve(storage.insert(...payloads(count))),
      begin: (count) => Promise.resolve(storage.begin(...payloads(count))),
      remove: (id) => Promise.resolve(storage.delete(id)),
      close: () => Promise.resolve(),
    });
  });
  for (const { name, run } of cases) test(name, run);
});

async function createHarness(variant: Variant): Promise<StorageHarness> {
  const { database, entity, createTable = [] } = variant;
  const { options, remove } = await emptyDatabase(database);
  const entities = entity ? [entity] : [];
  const dataSource = await connect(options, { entities });
  for (const statement of createTable) await dataSource.query(statement);
  const own = await openStorage(dataSource, variant);
  const rivalSource = await connect(options, { entities });
  const rival = await openStorage(rivalSource, variant);

  const write = entity ? writeShopEvents : writeEnvelopes;
  const begin = async (count: number) => {
    const connection = dataSource.createQueryRunner();
    await connection.startTransaction();
    const ids = await write(dataSource, connection, count);
    const end = (finish: () => Promise<void>) => async () => {
      await finish();
      await connection.release();
    };
    return {
      ids,
      commit: end(() => connection.commitTransaction()),
      rollback: end(() => connection.rollbackTransaction()),
    };
  };
  return {
    storage: own.storage,
    rival: rival.storage,
    register: own.register,
    async insert(count) {
      const { ids, commit } = await begin(count);
      await commit();
      return ids;
    },
    // One writer at a time there.
    ...(database === 'sqlite' ? {} : { begin }),
    async remove(id) {
      const { tableName, id: idColumn } = entity
        ? { tableName: 'shop_log', id: 'shop_id' }
        : { tableName: 'eventx_events', id: 'id' };
      await dataSource.query(`DELETE FROM ${tableName} WHERE ${idColumn} = ?`, [id]);
    },
    async close() {
      await own.close();
      await rival.close();
      await rivalSource.destroy();
      await dataSource.destroy();
      await remove();
    },
  };
}

async function openStorage(dataSource: DataSource, { entity, asMySql }: Variant) {
  const log = await openDatabaseLog(dataSource, { entity });
  const register = async (consumer: string, seq: number) => {
    await log.consumers.register(consumer, { offset: seq, uuid: null });
  };
  if (!asMySql) return { storage: log.storage, register, close: () => log.close() };
  const connections = openConnections(dataSource, { size: 2, timeoutMs: 5000 });
  const table = { ...logTables(resolveTables()), seqIndex: 'uq_eventx_events_seq' };
  const mysql = dialectNamed('mysql');
  return {
    storage: new TypeOrmEventStorage(connections, mysql, envelopeMapping, table),
    register,
    async close() {
      await connections.close();
      await log.close();
    },
  };
}

type Write = (
  dataSource: DataSource,
  connection: ReturnType<DataSource['createQueryRunner']>,
  count: number,
) => Promise<number[]>;

const writeEnvelopes: Write = async (dataSource, connection, count) => {
  const events = Array.from({ length: count }, (_, index) =>
    encodeEvent({ type: 'tested', key: `k${index}`, data: { index }, headers: { h: '1' } }, 1000),
  );
  await new EventWriter('eventx_events').write(connection, events);
  return lastIds(connection, 'eventx_events', 'id', count);
};

const writeShopEvents: Write = async (dataSource, connection, count) => {
  const rows = Array.from({ length: count }, (_, index) => `('thing ${index}')`).join(', ');
  await connection.query(`INSERT INTO shop_log (what) VALUES ${rows}`);
  return lastIds(connection, 'shop_log', 'shop_id', count);
};

async function lastIds(
  connection: ReturnType<DataSource['createQueryRunner']>,
  table: string,
  column: string,
  count: number,
): Promise<number[]> {
  const rows: { id: number }[] = await connection.query(
    `SELECT ${column} AS id FROM ${table} ORDER BY ${column} DESC LIMIT ?`,
    [count],
  );
  return rows.map(({ id }) => Number(id)).reverse();
}
