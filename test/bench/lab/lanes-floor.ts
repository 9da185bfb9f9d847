import type { Pool, RowDataPacket } from 'mysql2/promise';

/** A bare loop that handles so many events at a time, and stores the offset after every batch. */
export async function lanesFloor(
  pool: Pool,
  upTo: number,
  { batch, lanes, work }: { batch: number; lanes: number; work: () => Promise<void> },
): Promise<number> {
  let done = 0;
  while (done < upTo) {
    const [rows] = await pool.query<RowDataPacket[]>(
      'SELECT id, seq, type, `key`, headers, uuid, data, created_at FROM eventx_events WHERE seq > ? ORDER BY seq LIMIT ?',
      [done, batch],
    );
    let next = 0;
    const lane = async () => {
      while (next++ < rows.length) await work();
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    done += rows.length;
    await pool.query('UPDATE floor_offset SET seq = ?', [done]);
  }
  return done;
}
