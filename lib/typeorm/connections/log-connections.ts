import type { SqlConnection } from './sql-connection.js';

/** How one log reaches its database. */
export interface LogConnections {
  /**
   * Runs `work` on a connection of the log's own, which nobody else has touched. After an error, and when the database does not answer
   * in time, the connection is given up: KILL QUERY can stop a statement half-way, and a ROLLBACK as well.
   * @param timeoutMs for all of it. @default the option queryTimeout
   * @throws StorageTimeoutError, EventxClosedError, what the driver throws, or what `work` throws
   */
  use<T>(work: (connection: SqlConnection) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** As `use`, for a single read, which waits for no writer. It sees everything that was committed before. */
  read<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** As `use`, on a connection opened for this alone and closed after it: it waits for nothing that this process does. */
  fresh<T>(work: (connection: SqlConnection) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Runs `work` on a connection of the application's pool, to see what its sessions are like. Not for anything else. */
  ofApplication<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Null where the application has a single connection. */
  applicationPool(): ApplicationPool | null;
  /** For good. Resolves when those at rest are closed; those in use are closed as they come back. */
  close(): Promise<void>;
}

/** The application's pool, as its options say. */
export interface ApplicationPool {
  readonly size: number;
  /** Whether it gives up a server for ever that it could not reach a few times. */
  readonly forgetsServers: boolean;
}

export interface ConnectionSettings {
  /** Most connections at a time, beside the doctor's. */
  readonly size: number;
  /** How long one use may take, in ms. */
  readonly timeoutMs: number;
}
