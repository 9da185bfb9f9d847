import type { Pool, RowDataPacket } from 'mysql2/promise';

import { payload, type PayloadSize } from './payload.js';

/** Rows of one statement of `addNumbered`. */
const CHUNK = 100_000;

/** What an event of the benchmark looks like, with its number in `n`. */
const COLUMNS = 'type, `key`, headers, uuid, data';
const VALUES = `'order.placed', n, NULL, CONCAT('0198c0de-0000-7000-8000-', LPAD(HEX(n), 12, '0')), ?`;

/** Adds events without numbers in one commit, as if that many had piled up at once. */
export async function addBacklog(pool: Pool, count: number, bytes: PayloadSize): Promise<void> {
  await pool.query(
    `INSERT INTO eventx_events (${COLUMNS}) SELECT ${VALUES} FROM (SELECT seq AS n FROM seq_1_to_${count}) numbers`,
    [JSON.stringify(payload(bytes))],
  );
}

/** Adds events with numbers, so that the log looks as if it had been running for long. Nobody may be sequencing it. */
export async function addNumbered(pool: Pool, count: number, bytes: PayloadSize): Promise<void> {
  const [[state]] = await pool.query<(RowDataPacket & { last_seq: number })[]>(
    'SELECT last_seq FROM eventx_state',
  );
  const last = state!.last_seq;
  for (let from = last + 1; from <= last + count; from += CHUNK) {
    const to = Math.min(from + CHUNK - 1, last + count);
    await pool.query(
      `INSERT INTO eventx_events (seq, ${COLUMNS}) SELECT n, ${VALUES} FROM (SELECT seq AS n FROM seq_${from}_to_${to}) numbers`,
      [JSON.stringify(payload(bytes))],
    );
  }
  await pool.query('UPDATE eventx_state SET last_seq = ?', [last + count]);
}
