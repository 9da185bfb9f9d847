import libsql from 'libsql';

/** The floor of the embedded database: read, number in one transaction, nothing else. */
export function drainEmbeddedFloor(file: string, batch: number): number {
  const database = new libsql(file);
  const pending = database.prepare(
    'SELECT id, seq, type, "key", headers, uuid, data, created_at FROM eventx_events WHERE seq IS NULL ORDER BY id LIMIT ?',
  );
  const advance = database.prepare('UPDATE eventx_state SET last_seq = last_seq + ?');
  const number = database.prepare(
    'UPDATE eventx_events SET seq = id + (SELECT last_seq FROM eventx_state) - ? WHERE id BETWEEN ? AND ? AND seq IS NULL',
  );
  let done = 0;
  for (;;) {
    const rows = pending.all(batch) as { id: number }[];
    if (rows.length === 0) break;
    const [low, high] = [rows[0]!.id, rows[rows.length - 1]!.id];
    database.exec('BEGIN IMMEDIATE');
    number.run(low - 1, low, high);
    advance.run(rows.length);
    database.exec('COMMIT');
    done += rows.length;
  }
  database.close();
  return done;
}
