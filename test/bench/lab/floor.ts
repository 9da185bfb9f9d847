import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

/**
 * The floor: what a bare loop over the driver does in the same database, with only the statements that are necessary, several a
 * round trip where that is possible. No library, no checks beyond those that keep numbers unique, nothing handed out.
 */

const EVENT = 'id, seq, type, `key`, headers, uuid, data, created_at';

interface EventRow extends RowDataPacket {
  id: number;
  seq: number | null;
}

/** Gives every unsequenced event its number. Ids must be contiguous, as those of a backlog made by `addBacklog` are. */
export async function drainFloor(pool: Pool, batch: number): Promise<number> {
  return withConnection(pool, async (connection) => {
    const [[state]] = await connection.query<(RowDataPacket & { last_seq: number })[]>(
      'SELECT last_seq FROM eventx_state',
    );
    let last = state!.last_seq;
    let done = 0;
    for (;;) {
      const [rows] = await connection.query<EventRow[]>(
        `SELECT ${EVENT} FROM eventx_events FORCE INDEX (uq_eventx_events_seq) WHERE seq IS NULL LIMIT ?`,
        [batch],
      );
      if (rows.length === 0) return done;
      const [low, high] = [rows[0]!.id, rows[rows.length - 1]!.id];
      const [results] = await connection.query<ResultSetHeader[]>(
        'SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN; ' +
          'UPDATE eventx_state SET last_seq = ? WHERE last_seq = ?; ' +
          'UPDATE eventx_events FORCE INDEX (PRIMARY) SET seq = id + ? WHERE id BETWEEN ? AND ? AND seq IS NULL; COMMIT',
        [last + rows.length, last, last + 1 - low, low, high],
      );
      if (results[3]!.affectedRows !== rows.length) throw new Error('The backlog has holes.');
      last += rows.length;
      done += rows.length;
    }
  });
}

/** Reads numbered events from the first to `upTo`. */
export async function catchUpFloor(pool: Pool, upTo: number, batch: number): Promise<number> {
  return withConnection(pool, async (connection) => {
    let done = 0;
    while (done < upTo) done += (await readFrom(connection, done + 1, batch)).length;
    return done;
  });
}

/** As `catchUpFloor`, storing the offset after every batch. */
export async function consumeFloor(pool: Pool, upTo: number, batch: number): Promise<number> {
  return withConnection(pool, async (connection) => {
    let done = 0;
    while (done < upTo) {
      done += (await readFrom(connection, done + 1, batch)).length;
      await connection.query('UPDATE floor_offset SET seq = ?', [done]);
    }
    return done;
  });
}

/**
 * Reads numbered events and writes one row for each, together with the offset: one transaction every `transactionMs`, which is
 * what the library's own do.
 */
export async function effectsFloor(
  pool: Pool,
  upTo: number,
  { batch, transactionMs }: { batch: number; transactionMs: number },
): Promise<number> {
  return withConnection(pool, async (connection) => {
    let done = 0;
    while (done < upTo) {
      const rows = await readFrom(connection, done + 1, batch);
      for (let index = 0; index < rows.length;) {
        const end = performance.now() + transactionMs;
        await connection.query('BEGIN');
        do {
          await connection.query('INSERT INTO effects (seq) VALUES (?)', [rows[index++]!.seq]);
        } while (index < rows.length && performance.now() < end);
        await connection.query('UPDATE floor_offset SET seq = ?; COMMIT', [done + index]);
      }
      done += rows.length;
    }
    return done;
  });
}

async function readFrom(
  connection: PoolConnection,
  from: number,
  batch: number,
): Promise<EventRow[]> {
  const [rows] = await connection.query<EventRow[]>(
    `SELECT ${EVENT} FROM eventx_events FORCE INDEX (uq_eventx_events_seq) WHERE seq >= ? ORDER BY seq LIMIT ?`,
    [from, batch],
  );
  return rows;
}

async function withConnection<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  const connection = await pool.getConnection();
  try {
    return await work(connection);
  } finally {
    connection.release();
  }
}
