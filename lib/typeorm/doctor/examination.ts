import type { DataSource, QueryRunner } from 'typeorm';

import type { SequencedEvent } from '../../core/event.js';
import type { ConsumerStore } from '../../storage/index.js';
import { withConnection } from '../connection.js';
import type { UnsafeSetting } from '../dialects/index.js';
import type { EventMapping, Row } from '../event-mapping.js';
import type { EventTable, ReadMapping } from '../log-reads.js';
import type { SchemaTarget } from '../schema/versions.js';
import type { DoctorCheck, Finding } from './finding.js';
import type { DoctorLimits } from './limits.js';

/** What a doctor has to know of a log in a database. */
export interface ExaminedLog {
  readonly dataSource: DataSource;
  readonly target: SchemaTarget;
  /** As it was found at startup; the statements of this process name its index. */
  readonly table: EventTable;
  readonly mapping: ReadMapping & Pick<EventMapping<never, never>, 'createdAt' | 'columns'>;
  readonly consumers: Pick<ConsumerStore<SequencedEvent>, 'records'>;
  readonly allowUnsafe: readonly UnsafeSetting[];
  /** In ms. */
  readonly queryTimeout: number;
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

/** One examination of one log. Each statement runs by itself on a connection of the pool, none for longer than `queryTimeout`. */
export class Examination {
  /** @param now the clock of this process, in ms since 1970 */
  constructor(
    readonly log: ExaminedLog,
    readonly limits: DoctorLimits,
    readonly full: boolean,
    readonly now: () => number,
  ) {}

  /** @throws what the driver throws, or StorageTimeoutError, when the database does not answer */
  async reach(): Promise<void> {
    await this.row('SELECT 1');
  }

  connected<T>(work: (connection: QueryRunner) => Promise<T>): Promise<T> {
    return withConnection(this.log.dataSource, this.log.queryTimeout, work);
  }

  rows(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.connected(
      (connection) => connection.query(sql, [...parameters]) as Promise<readonly Row[]>,
    );
  }

  async row(sql: string, parameters: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.rows(sql, parameters);
    return row ?? {};
  }
}
