import type { EventxEvent } from 'nestjs-eventx';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { dialectNamed } from '../../../lib/typeorm/dialects/index.js';
import { envelopeMapping, type PendingRow } from '../../../lib/typeorm/mapping/event-mapping.js';
import { openConnections } from '../../../lib/typeorm/connections/open-connections.js';
import { logTables, resolveTables } from '../../../lib/typeorm/tables.js';
import { TypeOrmEventStorage } from '../../../lib/typeorm/stores/typeorm-event.storage.js';
import { connect } from '../data-sources.js';

export interface OwnStorage {
  readonly storage: TypeOrmEventStorage<EventxEvent, PendingRow>;
  readonly dataSource: DataSource;
  /** Closes the connections of the log's own. */
  readonly close: () => Promise<void>;
}

/** A log that is there, as it is numbered on MySQL: those statements, on whatever server this is. */
export async function mysqlStorage(
  options: DataSourceOptions,
  timeoutMs = 10_000,
): Promise<OwnStorage> {
  const dataSource = await connect(options);
  const connections = openConnections(dataSource, { size: 4, timeoutMs });
  const table = { ...logTables(resolveTables()), seqIndex: 'uq_eventx_events_seq' };
  const mysql = dialectNamed('mysql');
  const storage = new TypeOrmEventStorage(connections, mysql, envelopeMapping, table);
  return { storage, dataSource, close: () => connections.close() };
}
