import type { Lease, Position } from '../../storage/index.js';
import type { Statement } from '../dialects/index.js';
import { quote, type TableNames } from '../tables.js';

/** Moves an offset, if the lease is still valid. */
export function moveTo(names: TableNames, lease: Lease, { seq, uuid }: Position): Statement {
  return {
    sql:
      `UPDATE ${quote(names.offsets)} SET \`seq\` = ?, \`uuid\` = ? ` +
      `WHERE \`log\` = ? AND \`consumer\` = ? AND \`owner\` = ? AND \`epoch\` = ?`,
    parameters: [seq, uuid, names.events, lease.consumer, lease.owner, lease.epoch],
  };
}
