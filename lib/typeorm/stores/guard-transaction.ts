import type { QueryRunner } from 'typeorm';

import { mayEndTransaction } from '../dialects/mysql/transaction-ending-errors.js';

/**
 * Makes sure that a transaction which the server rolled back by itself is over. What follows on its connection would be committed
 * statement by statement, and so would the offset, if a handler overlooks the error: effects of this event, and of those before it
 * in the same transaction, would be lost. SQLite's connections see to that themselves.
 */
export function guardTransaction(connection: QueryRunner): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
  let lost: { readonly error: unknown } | undefined;
  const guarded = async (...args: unknown[]): Promise<unknown> => {
    if (lost && args[0] !== 'ROLLBACK') throw lost.error;
    try {
      return await query(...args);
    } catch (error) {
      if (mayEndTransaction(error)) lost ??= { error };
      throw error;
    }
  };
  connection.query = guarded as QueryRunner['query'];
}
