import { hasNoServer } from '../typeorm/dialects/mysql/passing-errors.js';
import { StorageTimeoutError } from '../errors.js';
import type { LogConnections } from '../typeorm/connections/log-connections.js';
import type { Row, SqlConnection } from '../typeorm/connections/sql-connection.js';
import type { ConsumerTables } from '../typeorm/stores/consumer-records.js';
import type { UnsafeSetting } from '../typeorm/dialects/index.js';
import type { EventMapping } from '../typeorm/mapping/event-mapping.js';
import type { EventTable, ReadMapping } from '../typeorm/stores/log-reads.js';
import type { SchemaTarget } from '../typeorm/schema/versions.js';
import type { DoctorCheck, Finding } from './finding.js';
import type { DoctorLimits } from './limits.js';

/** What a doctor has to know of a log in a database. */
export interface ExaminedLog {
  readonly connections: LogConnections;
  readonly target: SchemaTarget;
  /** As it was found at startup; the statements of this process name its index. */
  readonly table: EventTable;
  readonly mapping: ReadMapping & Pick<EventMapping<never, never>, 'createdAt' | 'columns'>;
  readonly consumers: ConsumerTables;
  readonly allowUnsafe: readonly UnsafeSetting[];
  /** Null where the application writes the events itself. */
  readonly maxPayloadBytes: number | null;
}

/** One thing to look at, or a few that belong together. */
export interface Check {
  /** What a failure of the check itself is reported as. */
  readonly name: DoctorCheck;
  /** The privilege it needs beyond those of an application. */
  readonly privilege?: string;
  examine(examination: Examination): Promise<readonly Finding[]>;
}

/** The application's pool gave no connection in time, or has no server. */
export class ApplicationPoolError extends Error {}

/** One examination of one log, on a connection of its own. */
export class Examination {
  private poolError: ApplicationPoolError | undefined;

  /** @param now the clock of this process, in ms since 1970 */
  constructor(
    readonly log: ExaminedLog,
    private readonly connection: SqlConnection,
    readonly limits: DoctorLimits,
    readonly full: boolean,
    readonly now: () => number,
  ) {}

  /** @throws what the driver throws when the database is not there any more */
  async reach(): Promise<void> {
    await this.row('SELECT 1');
  }

  connected<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    return work(this.connection);
  }

  /**
   * Looks at a session of the application's pool.
   * @throws ApplicationPoolError where the pool gives none
   */
  async inApplication<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    if (this.poolError) throw this.poolError;
    try {
      return await this.log.connections.ofApplication(work);
    } catch (error) {
      if (!(error instanceof StorageTimeoutError) && !hasNoServer(error)) throw error;
      throw (this.poolError = new ApplicationPoolError());
    }
  }

  rows(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.connection.rows(sql, parameters);
  }

  async row(sql: string, parameters: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.rows(sql, parameters);
    return row ?? {};
  }
}
