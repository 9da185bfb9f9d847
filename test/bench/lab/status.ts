import type { Pool, RowDataPacket } from 'mysql2/promise';

interface StatusRow extends RowDataPacket {
  Variable_name: string;
  Value: string;
}

/** Statements the server has executed so far, this one included. */
export async function questions(pool: Pool): Promise<number> {
  const [[row]] = await pool.query<StatusRow[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row!.Value);
}
