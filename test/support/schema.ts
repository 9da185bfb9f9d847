import type { DataSource } from 'typeorm';

const isSqlite = (dataSource: DataSource) => dataSource.options.type === 'better-sqlite3';

/** The tables of a database, sorted. */
export async function tablesOf(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    isSqlite(dataSource)
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
      : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  return rows.map(({ name }) => name).sort();
}

/** How a table was made, in SQL. */
export async function definitionOf(dataSource: DataSource, table: string): Promise<string> {
  if (isSqlite(dataSource)) {
    const rows = await dataSource.query<{ sql: string }[]>(
      'SELECT sql FROM sqlite_master WHERE tbl_name = ? ORDER BY name',
      [table],
    );
    return rows.map(({ sql }) => sql).join(';\n');
  }
  const [row] = await dataSource.query<{ 'Create Table': string }[]>(`SHOW CREATE TABLE ${table}`);
  return row!['Create Table'].replace(/ AUTO_INCREMENT=\d+/, '');
}
