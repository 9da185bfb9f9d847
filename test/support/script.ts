import type { DataSource } from 'typeorm';

/** Runs a script of several statements, as a database client does. */
export async function runScript(dataSource: DataSource, script: string): Promise<void> {
  for (const statement of script.split(';\n')) {
    if (statement.trim() !== '') await dataSource.query(statement);
  }
}
