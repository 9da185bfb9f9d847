import type { SqlConnection } from '../../connections/sql-connection.js';

/** Variables of a MySQL or MariaDB server by name; those that it does not know are missing. Takes no privilege. */
export async function variables(
  connection: SqlConnection,
  scope: 'GLOBAL' | 'SESSION',
  ...names: readonly string[]
): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.rows(
    `SHOW ${scope} VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    names,
  );
  // Where sessions speak binary, they come as buffers.
  return new Map(
    rows.map(({ Variable_name, Value }) => [String(Variable_name).toLowerCase(), String(Value)]),
  );
}
