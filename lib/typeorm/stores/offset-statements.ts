import type { Lease, Position } from '../../storage/index.js';
import type { Statement } from '../connections/sql-connection.js';
import type { LogTables } from '../tables.js';

/** Moves an offset, if the lease is still valid. */
export function moveTo(
  { log, sql }: Pick<LogTables, 'log' | 'sql'>,
  lease: Lease,
  { offset: seq, uuid }: Position,
): Statement {
  return {
    sql:
      `UPDATE ${sql.offsets} SET \`seq\` = ?, \`uuid\` = ? ` +
      `WHERE \`log\` = ? AND \`consumer\` = ? AND \`owner\` = ? AND \`epoch\` = ?`,
    parameters: [seq, uuid, log, lease.consumer, lease.owner, lease.fencingToken],
  };
}
