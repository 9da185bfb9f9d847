import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

import { MAX_NAME_LENGTH } from '../../event/envelope.js';
import type { EventHeaders } from '../../event/eventx-event.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import { DEFAULT_TABLES } from '../tables.js';

/** TypeORM gives the bigints of MySQL as strings. */
const integer: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value == null ? value : toSafeInteger(value, 'id or seq')),
};

/** libsql gives an ArrayBuffer; a Buffer of mysql2 would keep the whole packet it came in alive, so it is copied. */
const buffer: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: ArrayBuffer | Buffer | undefined) => value && Buffer.from(value as ArrayBuffer),
};

/**
 * The log's table as a TypeORM entity, for applications that save or query events like any other entity. Its own migrations
 * make the table, so TypeORM's `synchronize` keeps off it. Extend it to add columns.
 */
@Entity(DEFAULT_TABLES.events, { synchronize: false })
export class EventxEventEntity {
  @PrimaryColumn({ type: 'integer', generated: 'increment', transformer: integer })
  id!: number;

  /** Given by the runner after the commit, and null until then; never written from here. */
  @Column({ type: 'integer', nullable: true, insert: false, update: false, transformer: integer })
  seq!: number;

  @Column({ type: 'varchar', length: MAX_NAME_LENGTH })
  type!: string;

  @Column({ type: 'varchar', length: MAX_NAME_LENGTH, nullable: true })
  key: string | null = null;

  @Column({ type: 'simple-json', nullable: true })
  headers: EventHeaders | null = null;

  @Column({ type: 'varchar', length: 36 })
  uuid: string = uuidv7();

  /** The encoded payload: JSON text, unless the headers say otherwise. */
  @Column({ type: 'blob', transformer: buffer })
  data!: Buffer;

  @Column({ name: 'created_at', type: Date, insert: false, update: false })
  createdAt!: Date;

  /** Approximate size in bytes. */
  get size(): number {
    return (this.data?.byteLength ?? 0) + (this.type?.length ?? 0) + 64;
  }
}

const classes = new Map<string, typeof EventxEventEntity>([
  [DEFAULT_TABLES.events, EventxEventEntity],
]);

/** The entity for a log with another table name; the same class each time for the same name. */
export function eventEntity(table: string): typeof EventxEventEntity {
  let entity = classes.get(table);
  if (!entity) {
    entity = class extends EventxEventEntity {};
    Object.defineProperty(entity, 'name', { value: `EventxEventEntity_${table}` });
    Entity(table, { synchronize: false })(entity);
    classes.set(table, entity);
  }
  return entity;
}
