import type { DataSourceOptions } from 'typeorm';

import { MySqlConnection } from '../../lib/typeorm/dialects/mysql/mysql-connection.js';
import { connect } from './data-sources.js';

/**
 * From now on, what logs read of the consumers' tables is as it was when this was called: as behind a proxy that sends plain reads to a
 * replica, and that replica has stopped.
 * @returns ends that
 */
export async function stopReplica(options: DataSourceOptions): Promise<() => Promise<void>> {
  const replica = await connect(options);
  const snapshot = replica.createQueryRunner();
  await snapshot.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await snapshot.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const { prototype } = MySqlConnection;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its connection below
  const { rows } = prototype;
  prototype.rows = function (sql, parameters = []) {
    const isPlain = /^SELECT\b/.test(sql) && !/FOR UPDATE|LOCK IN SHARE MODE/.test(sql);
    return isPlain && /eventx_(offsets|done)/.test(sql)
      ? snapshot.query(sql, [...parameters])
      : rows.call(this, sql, parameters);
  };
  return async () => {
    prototype.rows = rows;
    await snapshot.query('ROLLBACK');
    await snapshot.release();
    await replica.destroy();
  };
}
