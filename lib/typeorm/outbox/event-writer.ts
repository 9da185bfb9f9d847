import type { QueryRunner } from 'typeorm';

import type { EncodedEvent } from '../../event/envelope.js';
import { quote } from '../tables.js';

const COLUMNS = [
  'type',
  'key',
  'headers',
  'uuid',
  'data',
] as const satisfies readonly (keyof EncodedEvent)[];
const ROW = `(${COLUMNS.map(() => '?').join(', ')})`;

/** Rows of one statement; SQLite takes 32,766 parameters. */
const MAX_ROWS = 1000;
/** Payload bytes of one statement. A byte becomes two characters on the way, and MySQL takes 4 MiB at the very least. */
const MAX_BYTES = 1024 * 1024;

/** What else a statement may hold: the names of its rows, and its own text. */
const MAX_OVERHEAD = 2 * 1024 * 1024;
/** The same for a statement with a single row. */
const MAX_ROW_OVERHEAD = 8 * 1024;

/** Most bytes that one statement takes on its way to the server. @param maxPayloadBytes largest payload, headers included */
export function largestStatement(maxPayloadBytes: number): number {
  return Math.max(2 * maxPayloadBytes + MAX_ROW_OVERHEAD, 2 * MAX_BYTES + MAX_OVERHEAD);
}

/** Writes events in their order, in as few statements as fit a packet. */
export class EventWriter {
  private readonly insert: string;

  /** @param table as in `LogTables.sql` */
  constructor(table: string) {
    this.insert = `INSERT INTO ${table} (${COLUMNS.map(quote).join(', ')}) VALUES `;
  }

  async write(connection: QueryRunner, events: readonly EncodedEvent[]): Promise<void> {
    for (const chunk of chunks(events)) {
      const sql = this.insert + Array<string>(chunk.length).fill(ROW).join(', ');
      const parameters = chunk.flatMap((event) => COLUMNS.map((column) => event[column]));
      await connection.query(sql, parameters);
    }
  }
}

function* chunks(events: readonly EncodedEvent[]): Generator<readonly EncodedEvent[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, event] of events.entries()) {
    const size = event.data.byteLength + (event.headers?.length ?? 0);
    if (index > start && (index - start >= MAX_ROWS || bytes + size > MAX_BYTES)) {
      yield events.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < events.length) yield events.slice(start);
}
