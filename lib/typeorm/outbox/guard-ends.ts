import type { QueryRunner } from 'typeorm';

/** What must happen before a transaction ends. Nothing is waited for where there is nothing to do. */
export interface BeforeEnd {
  /** If it rejects, nothing is committed. */
  commit(): Promise<void>;
  /** Must not reject. */
  release(): Promise<void>;
}

/**
 * Stands between a connection and its end: between the last statement and the COMMIT, whoever sends it, and between the transaction
 * and the connection pool. What TypeORM broadcasts is not certain to arrive: the application may replace its subscribers.
 */
export function guardEnds(connection: QueryRunner, before: BeforeEnd): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
  const release = connection.release.bind(connection);
  const guarded = (...args: unknown[]): Promise<unknown> =>
    isCommit(args[0]) ? before.commit().then(() => query(...args)) : query(...args);
  connection.query = guarded as QueryRunner['query'];
  connection.release = () =>
    connection.isTransactionActive ? before.release().then(release) : release();
}

function isCommit(sql: unknown): boolean {
  return typeof sql === 'string' && /^\s*COMMIT\b/i.test(sql);
}
