import { channel } from 'node:diagnostics_channel';

import type { DataSource } from 'typeorm';

import type { SqlConnection } from './sql-connection.js';

/** A connection that the log has opened itself. */
export interface OwnConnection extends SqlConnection {
  /** False when the server or the network has ended it. */
  readonly isOpen: boolean;
  /** Says good-bye to the server, and resolves when the connection is closed. For one that is at rest; never rejects. */
  end(): Promise<void>;
  /** Ends it at once, whatever it is doing: what is open is rolled back, and nothing more runs on it. */
  destroy(): void;
}

/** A statement that was answered on a connection of the log's own; never its parameters. */
export interface AnsweredStatement {
  readonly dataSource: DataSource;
  readonly sql: string;
  /** How many rows came, or were changed. */
  readonly rows: number;
}

const statements = channel('nestjs-eventx:statement');

/** Tells who listens to the diagnostics channel `nestjs-eventx:statement`, such as a profiler; costs nothing when nobody does. */
export function tell(dataSource: DataSource, sql: string, rows: () => number): void {
  if (!statements.hasSubscribers) return;
  statements.publish({ dataSource, sql, rows: rows() } satisfies AnsweredStatement);
}
