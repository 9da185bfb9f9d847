import { toSafeInteger } from '../../util/safe-integer.js';
import type { PendingEvent, SequencedEvent } from '../../event/event.js';
import { EventxEvent, type StoredEvent, storedSize } from '../../event/eventx-event.js';
import type { Row } from '../connections/sql-connection.js';
import type { Dialect } from '../dialects/index.js';
import { quote } from '../tables.js';

/** How rows of the events table become events. */
export interface EventMapping<E extends SequencedEvent, P extends PendingEvent> {
  /** Column names. */
  readonly id: string;
  readonly seq: string;
  /** Null where events have no time. */
  readonly createdAt: string | null;
  /** Every column that is read; what the table must have. */
  readonly columns: readonly string[];
  /** The list behind SELECT. */
  selection(dialect: Dialect): string;
  /** A row without a number. */
  pending(row: Row): P;
  /** The same event with the number that the database is about to give it. */
  numbered(pending: P, seq: number): E;
  /** A row with a number. */
  event(row: Row): E;
}

/** A pending row of the library's own table. It becomes an event only when it is numbered, while the server does that. */
export interface PendingRow extends PendingEvent {
  readonly row: Row;
}

/** The library's own table. */
export const envelopeMapping: EventMapping<EventxEvent, PendingRow> = {
  id: 'id',
  seq: 'seq',
  createdAt: 'created_at',
  columns: ['id', 'seq', 'type', 'key', 'headers', 'uuid', 'data', 'created_at'],

  selection(dialect) {
    const plain = this.columns.filter((column) => column !== 'created_at').map(quote);
    return [...plain, `${dialect.epochMs('`created_at`')} AS \`created_at\``].join(', ');
  },

  pending: (row) => ({
    id: toSafeInteger(row.id, 'id'),
    size: storedSize({
      data: asBytes(row.data),
      type: asText(row.type)!,
      key: asText(row.key),
      headers: asText(row.headers),
    }),
    row,
  }),

  numbered: ({ row }, seq) => new EventxEvent(seq, toStored(row)),

  event: (row) => new EventxEvent(toSafeInteger(row.seq, 'seq'), toStored(row)),
};

/** @param id the column that holds the event's id */
export function toStored(row: Row, id = 'id'): StoredEvent {
  return {
    id: toSafeInteger(row[id], id),
    uuid: asText(row.uuid)!,
    type: asText(row.type)!,
    key: asText(row.key),
    headers: asText(row.headers),
    // A copy: the driver's buffer is a slice that would keep its whole 64 KB chunk alive.
    data: Buffer.from(asBytes(row.data) as Uint8Array),
    createdAt: Number(row.created_at),
  };
}

/** What drivers give for bytes; that of the embedded database an ArrayBuffer. */
type Bytes = Uint8Array<ArrayBuffer> | ArrayBuffer;

/** The embedded database keeps what it is given, whatever the column's type: a row written by hand may have text for bytes. */
function asBytes(value: unknown): Bytes {
  return typeof value === 'object' ? (value as Bytes) : Buffer.from(String(value as string));
}

function asText(value: unknown): string | null {
  if (typeof value === 'string' || value === null) return value;
  return Buffer.from(asBytes(value) as Uint8Array).toString();
}
