import type { EventxEvent } from 'nestjs-eventx';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { dialectNamed } from '../../../lib/typeorm/dialects/index.js';
import { envelopeMapping, type PendingRow } from '../../../lib/typeorm/event-mapping.js';
import { resolveTables } from '../../../lib/typeorm/tables.js';
import { TypeOrmEventStorage } from '../../../lib/typeorm/typeorm-event.storage.js';
import { connect } from '../data-sources.js';

export interface OwnStorage {
  readonly storage: TypeOrmEventStorage<EventxEvent, PendingRow>;
  readonly dataSource: DataSource;
}

/** A log that is there, as it is numbered on MySQL: those statements, on whatever server this is. */
export async function mysqlStorage(
  options: DataSourceOptions,
  queryTimeout = 10_000,
): Promise<OwnStorage> {
  const dataSource = await connect(options);
  const table = { names: resolveTables(), seqIndex: 'uq_events_seq' };
  const storage = new TypeOrmEventStorage(
    dataSource,
    dialectNamed('mysql'),
    envelopeMapping,
    table,
    queryTimeout,
  );
  return { storage, dataSource };
}
