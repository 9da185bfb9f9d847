import type { DataSource, QueryRunner } from 'typeorm';

import { withConnection } from '../connection.js';
import { affectedRows, type Statement } from '../dialects/index.js';
import type { Row } from '../event-mapping.js';

/** Runs statements, each by itself on a connection of the pool, none for longer than `timeoutMs`. */
export class StatementRunner {
  constructor(
    private readonly dataSource: DataSource,
    private readonly timeoutMs: number,
  ) {}

  /** @returns how many rows it changed */
  change(statement: Statement): Promise<number> {
    return this.connected((connection) => affectedRows(connection, statement));
  }

  read({ sql, parameters }: Statement): Promise<Row[]> {
    return this.connected((connection) => connection.query(sql, [...parameters]) as Promise<Row[]>);
  }

  /** For what takes several statements. */
  connected<T>(work: (connection: QueryRunner) => Promise<T>): Promise<T> {
    return withConnection(this.dataSource, this.timeoutMs, work);
  }
}
