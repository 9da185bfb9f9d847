import type { DataSource } from 'typeorm';

/** Makes the database itself refuse events of a type, until the trigger is dropped. */
export async function refuseType(dataSource: DataSource, type: string): Promise<void> {
  await dataSource.query(
    dataSource.options.type === 'better-sqlite3'
      ? `CREATE TRIGGER refusing BEFORE INSERT ON eventx_events WHEN NEW.type = '${type}' ` +
          `BEGIN SELECT RAISE(ABORT, 'refused by trigger'); END`
      : `CREATE TRIGGER refusing BEFORE INSERT ON eventx_events FOR EACH ROW ` +
          `IF NEW.type = '${type}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by trigger'; END IF`,
  );
}

export async function refuseNoMore(dataSource: DataSource): Promise<void> {
  await dataSource.query('DROP TRIGGER refusing');
}
