import type { QueryRunner } from 'typeorm';

import { always, type Row, type SqlConnection, type Statement } from './sql-connection.js';

/** A connection of the application, which TypeORM lends. */
export class QueryRunnerConnection implements SqlConnection {
  constructor(private readonly runner: QueryRunner) {}

  async rows(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.runner.query(sql, [...parameters])) as Row[];
  }

  async change({ sql, parameters }: Statement): Promise<number> {
    const result = await this.runner.query(sql, [...parameters], true);
    return result.affected ?? 0;
  }

  async transaction<T>(work: () => Promise<T>, keep: (result: T) => boolean = always): Promise<T> {
    const { runner } = this;
    await runner.startTransaction();
    try {
      const result = await work();
      if (keep(result)) await runner.commitTransaction();
      else await runner.rollbackTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }
}
