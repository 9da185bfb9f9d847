import type { DataSource, EntityMetadata } from 'typeorm';

import { EventxOptionsError } from '../../errors.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import type { PendingEvent, SequencedEvent } from '../../event/event.js';
import type { Row } from '../connections/sql-connection.js';
import type { EventMapping } from './event-mapping.js';
import { quote } from '../tables.js';

/** An application's own entity class for the events. Its instances have `id`, `seq` and `size`. */
export type EventEntityClass<E extends SequencedEvent = SequencedEvent> = new () => E;

/** What an entity is while it has no number. */
interface PendingEntity<E> extends PendingEvent {
  readonly entity: E;
}

/**
 * Events as instances of the application's own entity, with every column it declares and TypeORM's own conversion of values.
 * Relations and `@AfterLoad` are left out: an event is one row.
 * @throws EventxOptionsError when the entity is not one of the data source's, or lacks `id`, `seq` or `size`
 */
export function entityMapping<E extends SequencedEvent>(
  dataSource: DataSource,
  entity: EventEntityClass<E>,
): EventMapping<E, PendingEntity<E>> {
  const metadata = metadataOf(dataSource, entity);
  const columns = metadata.columns.filter((column) => !column.relationMetadata);
  const id = columnName(metadata, 'id');
  const seq = columnName(metadata, 'seq');

  const hydrate = (row: Row, number: number | null): E => {
    const event = metadata.create() as Record<string, unknown>;
    for (const column of columns) {
      const value: unknown = dataSource.driver.prepareHydratedValue(
        asTypeOrmReads(row[column.databaseName], column.type),
        column,
      );
      if (value !== undefined) column.setEntityValue(event, value);
    }
    // TypeORM gives bigints as strings.
    event.id = toSafeInteger(row[id], 'id');
    event.seq = number;
    return event as unknown as E;
  };

  return {
    id,
    seq,
    createdAt: metadata.findColumnWithPropertyName('createdAt')?.databaseName ?? null,
    columns: columns.map((column) => column.databaseName),
    selection: () => columns.map((column) => quote(column.databaseName)).join(', '),
    pending(row) {
      const pending = hydrate(row, null);
      return { id: pending.id, size: pending.size, entity: pending };
    },
    numbered: (pending, number) => Object.assign(pending.entity, { seq: number }),
    event: (row) => hydrate(row, toSafeInteger(row[seq], 'seq')),
  };
}

/** On connections of its own TypeORM has bigints as strings, and an entity may count on it. */
function asTypeOrmReads(value: unknown, type: unknown): unknown {
  return type === 'bigint' && typeof value === 'number' ? String(value) : value;
}

function metadataOf(dataSource: DataSource, entity: EventEntityClass): EntityMetadata {
  if (!dataSource.hasMetadata(entity)) {
    throw new EventxOptionsError(
      `Option "entity": ${entity.name} is not an entity of the log's data source. Add it to "entities", ` +
        `or set "autoLoadEntities: true".`,
    );
  }
  const probe = new entity();
  if (!('size' in probe)) {
    throw new EventxOptionsError(
      `Option "entity": ${entity.name} has no property "size". Add one, e.g. get size() { return this.data.length }: ` +
        `batches and memory are limited by it.`,
    );
  }
  return dataSource.getMetadata(entity);
}

function columnName(metadata: EntityMetadata, property: 'id' | 'seq'): string {
  const column = metadata.findColumnWithPropertyName(property);
  if (!column) {
    throw new EventxOptionsError(
      `Option "entity": ${metadata.name} has no column for the property "${property}". It needs id (generated primary key) ` +
        `and seq (nullable bigint, unique).`,
    );
  }
  return column.databaseName;
}
