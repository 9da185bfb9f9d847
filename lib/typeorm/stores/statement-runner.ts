import type { LogConnections } from '../connections/log-connections.js';
import type { Row, SqlConnection, Statement } from '../connections/sql-connection.js';

/** Runs statements, each by itself, on connections of the log's own. */
export class StatementRunner {
  constructor(private readonly connections: LogConnections) {}

  /** @returns how many rows it changed */
  change(statement: Statement): Promise<number> {
    return this.connected((connection) => connection.change(statement));
  }

  read({ sql, parameters }: Statement): Promise<Row[]> {
    return this.connections.read((connection) => connection.rows(sql, parameters));
  }

  /** For what takes several statements. */
  connected<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    return this.connections.use(work);
  }
}
