import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { EventxModuleOptions, EventxRunner } from 'nestjs-eventx';
import { historyViolations, type Sighting, type WriterTransaction } from 'nestjs-eventx/testing';

import { createDatabase, type TestDatabase } from '../databases.js';
import { monotonicMs } from '../monotonic.js';
import { TestProcess } from '../test-process.js';
import { until } from '../until.js';
import {
  type Replica,
  type ReplicaReports,
  type ReplicaSettings,
  startReplica,
} from './replica.js';
import { type Report, startReplicaProcess } from './replica-process.js';

/** How long a log may take to recover and to be delivered: far more than it needs, for machines that are busy. */
const PATIENCE_MS = 60_000;
jest.setTimeout(5 * PATIENCE_MS);

/** How far behind a slow subscriber stays: further than the window of a replica reaches. */
const LAG = 100;

export interface LabSettings {
  /** The server to hurt. @default the test run's own */
  readonly serverUrl?: string;
  /** Writers in an application of their own, which is never hurt. @default 3 */
  readonly writers?: number;
}

export type LabReplica = Omit<ReplicaSettings, 'url' | 'followers'> & {
  /** Another way to the database, such as a proxy. */
  readonly url?: string;
};

/**
 * A log on a database of its own, with writers that write all the time, and replicas to run, hurt and restart. Subscribers
 * go on where the last ones of their name were.
 */
export class Lab {
  private readonly closing = new AbortController();
  /** Aborts when the lab closes. */
  readonly signal = this.closing.signal;

  private readonly transactions = new Map<string, WriterTransaction>();
  private readonly failures: string[] = [];
  private readonly sightings: Record<string, Sighting[]> = {};
  private readonly replicas = new Set<Replica | TestProcess<Report>>();
  /** The application of the writers, which is never hurt. */
  private outside: Replica | undefined;

  private constructor(
    readonly database: TestDatabase,
    /** As which user the replicas connect. */
    private readonly user: string,
  ) {}

  static async open({ serverUrl, writers = 3 }: LabSettings = {}): Promise<Lab> {
    const database = await createDatabase(serverUrl);
    const lab = new Lab(database, database.name.replace('eventx_test', 'replica'));
    try {
      await lab.prepare(writers);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** The database as the replicas see it: with a user of their own, to tell their connections from others. */
  get url(): string {
    const url = new URL(this.database.url);
    url.username = this.user;
    return url.href;
  }

  /** Publishes events in one transaction. */
  async write(count: number): Promise<void> {
    const { dataSource, eventx } = this.outside!.app;
    const events = Array.from({ length: count }, () => ({ type: 'written' }));
    const begun = monotonicMs();
    const uuids = await dataSource.transaction(async (manager) => {
      const published = await eventx.publish(manager, events);
      await manager.query('INSERT INTO written (uuid) VALUES (?)', [published[0]?.uuid]);
      return published.map(({ uuid }) => uuid);
    });
    const ended = monotonicMs();
    this.reports.wrote({ writer: 'the test', uuids, outcome: 'committed', begun, ended });
  }

  /** A replica in this process, with a subscriber at the head and one behind the window. */
  async replica(name: string, settings: LabReplica = {}): Promise<Replica> {
    const followers = [this.follower(name, 0), this.follower(`${name}, behind`, LAG)];
    const replica = await startReplica({ url: this.url, followers, ...settings }, this.reports);
    return this.tracked(replica);
  }

  /** A replica in a process of its own, with a subscriber at the head. */
  async process(name: string, settings: LabReplica = {}): Promise<TestProcess<Report>> {
    const followers = [this.follower(name, 0)];
    const replica = startReplicaProcess({ url: this.url, followers, ...settings }, this.reports);
    return this.tracked(await replica);
  }

  /** What the subscribers of that name were given so far. */
  seen(name: string): readonly Sighting[] {
    return (this.sightings[name] ??= []);
  }

  /** Waits until the log has at least so many numbers more than now. */
  async passes(count: number): Promise<void> {
    let goal: number | undefined;
    await this.until(async () => {
      const lastSeq = await this.lastSeq();
      return lastSeq >= (goal ??= lastSeq + count);
    }, `${count} more events to be numbered`);
  }

  /** Waits until the log is numbered up to `seq`. */
  async reached(seq: number): Promise<void> {
    await this.until(async () => (await this.lastSeq()) >= seq, `event ${seq} to be numbered`);
  }

  /** Waits until a runner is through with errors. */
  async recovered(runner: Pick<EventxRunner, 'status'>): Promise<void> {
    const isWell = () => runner.status.running && runner.status.failures === 0;
    await this.until(isWell, 'the runner to recover');
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    await until(condition, { what, timeoutMs: PATIENCE_MS });
  }

  async lastSeq(): Promise<number> {
    const [state] = await this.database.query('SELECT last_seq FROM eventx_state');
    return Number(state?.['last_seq']);
  }

  /** The ids of the connections that the replicas have. */
  async connections(): Promise<number[]> {
    const rows = await this.database.query(
      'SELECT id FROM information_schema.processlist WHERE user = ?',
      [this.user],
    );
    return rows.map(({ id }) => Number(id));
  }

  /** Those of them that wait for a lock that somebody else has. For servers that nobody else asks the same. */
  async waiting(): Promise<number[]> {
    // Read more often than every 100 ms, this table never changes.
    await delay(120);
    const rows = await this.database.query(
      'SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx ' +
        "JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE user = ? AND trx_state = 'LOCK WAIT'",
      [this.user],
    );
    return rows.map(({ id }) => Number(id));
  }

  /** Ends what the replicas' connections do, or the connections themselves. */
  async kill(what: 'QUERY' | 'CONNECTION', ids?: readonly number[]): Promise<void> {
    for (const id of ids ?? (await this.connections())) {
      // It may be gone by now.
      await this.database.query(`KILL ${what} ${id}`).catch(() => undefined);
    }
  }

  /** Lets the writers in this process stop and the log settle. @returns what is wrong with all that happened */
  async finish(): Promise<string[]> {
    await this.outside?.stop();
    for (const replica of this.replicas) if ('settle' in replica) await replica.settle();
    await this.settled().catch((error: Error) => this.failures.push(error.message));
    const table = await this.database.query('SELECT seq, uuid FROM eventx_events ORDER BY id');
    const rows = await this.database.query('SELECT uuid FROM written');
    const found = historyViolations({
      transactions: [...this.transactions.values()],
      rows: rows.map(({ uuid }) => String(uuid)),
      subscribers: this.sightings,
      log: table.map(({ seq, uuid }) => ({
        seq: seq === null ? null : Number(seq),
        uuid: String(uuid),
      })),
      lastSeq: await this.lastSeq(),
    });
    return [...this.failures, ...found];
  }

  /** Ends everything that was started here, also after a failure. */
  async close(): Promise<void> {
    this.closing.abort();
    const ends = [...this.replicas].map((replica) =>
      replica instanceof TestProcess ? replica.kill() : replica.stop(),
    );
    await Promise.allSettled([...ends, this.outside?.stop()]);
    await this.database.query(`DROP USER IF EXISTS '${this.user}'`);
    await this.database.drop();
  }

  private async prepare(writers: number): Promise<void> {
    await this.database.query(`CREATE USER '${this.user}'`);
    await this.database.query(`GRANT ALL ON ${this.database.name}.* TO '${this.user}'`);
    await this.database.query('CREATE TABLE written (uuid CHAR(36) PRIMARY KEY)');
    const names = Array.from({ length: writers }, (_, index) => `writer ${index + 1}`);
    const options: EventxModuleOptions = { run: false };
    const { url } = this.database;
    this.outside = await startReplica(
      { url, options, poolSize: Math.max(1, writers), writers: names },
      this.reports,
    );
  }

  private follower(name: string, lag: number) {
    return { name, from: this.seen(name).length + 1, lag };
  }

  private readonly reports: ReplicaReports = {
    saw: (name, sightings) => this.sightings[name]!.push(...sightings),
    failed: (name, why) => this.failures.push(`${name}: ${why}`),
    wrote: (write) => this.transactions.set(write.uuids[0]!, write),
  };

  private tracked<R extends Replica | TestProcess<Report>>(replica: R): R {
    this.replicas.add(replica);
    return replica;
  }

  private async settled(): Promise<void> {
    await this.until(async () => {
      const [row] = await this.database.query(
        'SELECT COUNT(*) AS n FROM eventx_events WHERE seq IS NULL',
      );
      return Number(row?.['n']) === 0;
    }, 'every event to be numbered');
    const lastSeq = await this.lastSeq();
    await this.until(async () => {
      await this.database.query('SELECT last_seq FROM eventx_state FOR UPDATE NOWAIT');
      await this.database.query('SELECT id FROM eventx_events FOR UPDATE NOWAIT');
      return true;
    }, 'the end of a transaction that was left open');
    for (const [name, seen] of Object.entries(this.sightings)) {
      await this.until(() => seen.length >= lastSeq, `${name} to see all ${lastSeq} events`);
    }
  }
}
