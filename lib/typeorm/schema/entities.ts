import type { DataSource } from 'typeorm';

import { EventxSchemaError } from '../../errors.js';
import { EventxEventEntity } from '../mapping/event.entity.js';
import type { LogTables } from '../tables.js';

/**
 * An entity of the application's own on one of the log's tables: TypeORM's `synchronize` drops the columns that it does not know, with
 * what is in them.
 * @param own the class that the log was given for its events
 * @throws EventxSchemaError that names it
 */
export function assertNotMapped(
  dataSource: DataSource,
  { tables, eventsDatabase }: LogTables,
  own: unknown,
): void {
  const names = Object.values(tables);
  for (const { name, tableName, target, database, synchronize } of dataSource.entityMetadatas) {
    if (!names.includes(tableName) || target === own || synchronize === false) continue;
    if (tableName === tables.events && database !== undefined && database !== eventsDatabase)
      continue;
    if (isOurs(target)) continue;
    throw new EventxSchemaError(
      `Entity ${name} maps the table "${tableName}", which is the log's: "synchronize" would drop the log's columns with their data. ` +
        'Give one of the two another name: the option "tables", or @Entity(\'…\').',
    );
  }
}

function isOurs(target: unknown): boolean {
  return (
    typeof target === 'function' &&
    (target === EventxEventEntity || target.prototype instanceof EventxEventEntity)
  );
}
