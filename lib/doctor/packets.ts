import { variables } from '../typeorm/dialects/mysql/variables.js';
import { largestStatement } from '../typeorm/outbox/event-writer.js';
import type { Check } from './examination.js';

/** The largest event that the module accepts gets through to the server. For MySQL and MariaDB. */
export const packets: Check = {
  name: 'packet-size',

  async examine(examination) {
    const { maxPayloadBytes } = examination.log;
    if (maxPayloadBytes === null) return [];
    const session = await examination.inApplication((connection) =>
      variables(connection, 'SESSION', 'max_allowed_packet'),
    );
    const packet = Number(session.get('max_allowed_packet'));
    const needed = largestStatement(maxPayloadBytes);
    if (packet >= needed) return [];
    return [
      {
        check: 'packet-size',
        severity: 'warning',
        message:
          `max_allowed_packet is ${packet} bytes, but publishing payloads of ${maxPayloadBytes} bytes (option maxPayloadBytes), or ` +
          `many at once, can take ${needed}: a byte becomes two on the way. The server breaks the connection off, and the ` +
          'transaction fails.',
        fix:
          `SET GLOBAL max_allowed_packet = ${roundUp(needed)}, also in the configuration of the server, and restart the processes; ` +
          'or lower maxPayloadBytes',
      },
    ];
  },
};

/** A payload fits its column. For MySQL and MariaDB, where an entity of the application's own may have made it small. */
export const payloadColumn: Check = {
  name: 'payload-column',

  async examine(examination) {
    const { target, maxPayloadBytes } = examination.log;
    if (maxPayloadBytes === null) return [];
    const { tables, eventsDatabase } = target;
    const { events } = tables;
    const { bytes } = await examination.row(
      'SELECT character_octet_length AS `bytes` FROM information_schema.columns ' +
        "WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = 'data'",
      [eventsDatabase, events],
    );
    if (bytes == null || Number(bytes) >= maxPayloadBytes) return [];
    return [
      {
        check: 'payload-column',
        severity: 'warning',
        message:
          `Column "data" of table "${events}" holds ${Number(bytes)} bytes, but publish accepts ${maxPayloadBytes} (option ` +
          'maxPayloadBytes): a payload between them makes its transaction fail, or is cut where sql_mode is not strict.',
        fix: `ALTER TABLE ${events} MODIFY data MEDIUMBLOB NOT NULL; or set maxPayloadBytes: ${Number(bytes)}`,
      },
    ];
  },
};

/** To the kilobyte, which the server rounds down to. */
function roundUp(bytes: number): number {
  return Math.ceil(bytes / 1024) * 1024;
}
