import { EventxPublishError, NoTransactionError } from '../../errors.js';

/**
 * Refuses what can be no manager, with a hint at what it is instead. Whether a manager has a transaction is looked at later.
 * @throws EventxPublishError when the arguments were swapped, NoTransactionError
 */
export function assertManager(manager: unknown, event: unknown): void {
  if (isManager(manager)) return;
  if (isManager(event)) {
    throw new EventxPublishError(
      'The arguments of publish are swapped: publish(manager, event), the manager first.',
    );
  }
  if (typeof manager !== 'object' || manager === null) {
    throw new NoTransactionError(
      `publish(manager, event) needs the EntityManager of your transaction, but got ${manager === null ? 'null' : typeof manager}. ` +
        'Use dataSource.transaction(async (manager) => { …; await eventx.publish(manager, event); }).',
    );
  }
  if ('manager' in manager && isManager(manager.manager) && 'queryRunner' in manager.manager) {
    const what = manager.constructor?.name ?? 'an object';
    throw new NoTransactionError(
      `publish(manager, event) needs the EntityManager of your transaction, but got ${what}. It has one: give its "manager".`,
    );
  }
}

/** By what it can do: there may be several copies of TypeORM in a process. */
function isManager(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const { transaction, save } = value as { transaction?: unknown; save?: unknown };
  return typeof transaction === 'function' && typeof save === 'function';
}
