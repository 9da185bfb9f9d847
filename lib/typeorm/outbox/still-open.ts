import type { QueryRunner } from 'typeorm';

/** ER_SP_DOES_NOT_EXIST */
const NO_SUCH_SAVEPOINT = 1305;

/** Checks under way. The logs of an application may look at the same time; their savepoints would take each other away. */
const checks = new WeakMap<QueryRunner, Promise<boolean>>();

/**
 * Whether the server has a transaction open on this connection. Neither MySQL nor MariaDB tells everybody; but a savepoint that was
 * just set is gone again where there is no transaction around it.
 */
export function isStillOpen(connection: QueryRunner): Promise<boolean> {
  let check = checks.get(connection);
  if (!check) {
    check = look(connection).finally(() => checks.delete(connection));
    checks.set(connection, check);
  }
  return check;
}

async function look(connection: QueryRunner): Promise<boolean> {
  await connection.query('SAVEPOINT eventx_check');
  try {
    await connection.query('RELEASE SAVEPOINT eventx_check');
    return true;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === NO_SUCH_SAVEPOINT) return false;
    throw error;
  }
}
