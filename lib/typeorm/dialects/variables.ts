import type { QueryRunner } from 'typeorm';

/** Variables of a MySQL or MariaDB server by name; those that it does not know are missing. Takes no privilege. */
export async function variables(
  connection: QueryRunner,
  scope: 'GLOBAL' | 'SESSION',
  ...names: readonly string[]
): Promise<ReadonlyMap<string, string>> {
  const rows = (await connection.query(
    `SHOW ${scope} VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    [...names],
  )) as { Variable_name: unknown; Value: unknown }[];
  // Where sessions speak binary, they come as buffers.
  return new Map(
    rows.map(({ Variable_name, Value }) => [String(Variable_name).toLowerCase(), String(Value)]),
  );
}
