import { EventxRunner, type RunnerOptions, type SequencedEvent } from 'nestjs-eventx';
import type { DataSource, QueryRunner } from 'typeorm';

import { QUIET } from './app.js';
import { connect, type Database, emptyDatabase } from './data-sources.js';
import { FaultyStorage } from './faulty-storage.js';
import { until } from './until.js';
import { openDatabaseLog } from './database-log.js';
import type { DatabaseLog } from '../../lib/event-log/open-in-database.js';

/** A log in a real database, with a runner that the test can hold up at any step. No application is around it. */
export class FollowedLog {
  readonly storage: FaultyStorage<SequencedEvent>;
  readonly runner: EventxRunner;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  private constructor(
    readonly dataSource: DataSource,
    private readonly log: DatabaseLog,
    options: RunnerOptions,
    private readonly remove: () => Promise<void>,
  ) {
    this.storage = new FaultyStorage(log.storage);
    const { pollInterval } = QUIET;
    this.runner = new EventxRunner(this.storage, { pollInterval, ...options });
  }

  /** On an empty database of its own. */
  static async on(database: Database, options: RunnerOptions = {}): Promise<FollowedLog> {
    const { options: connection, remove } = await emptyDatabase(database);
    const dataSource = await connect(connection);
    const log = await openDatabaseLog(dataSource, { connections: 4 });
    return new FollowedLog(dataSource, log, options, remove);
  }

  /** Inserts events at once, in the transaction of the connection or in one of their own; signals nobody. */
  async insert(types: readonly string[], connection?: QueryRunner): Promise<void> {
    const rows = types.map(() => "(?, '', '{}')").join(', ');
    const sql = `INSERT INTO eventx_events (type, uuid, data) VALUES ${rows}`;
    await this.dataSource.query(sql, [...types], connection);
  }

  /** The types of the numbered events, in the order of their numbers. */
  async types(): Promise<string[]> {
    const rows = await this.dataSource.query<{ type: string }[]>(
      'SELECT type FROM eventx_events WHERE seq IS NOT NULL ORDER BY seq',
    );
    return rows.map(({ type }) => type);
  }

  /** The table itself, past the faults. */
  get table(): DatabaseLog['storage'] {
    return this.log.storage;
  }

  start(): void {
    this.running = this.runner.run(this.stopping.signal);
  }

  async reached(seq: number): Promise<void> {
    await until(() => (this.runner.status.lastSeq ?? 0) >= seq, {
      what: `the runner to reach seq ${seq}`,
      timeoutMs: 45_000,
    });
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.log.close();
    await this.dataSource.destroy();
    await this.remove();
  }
}
