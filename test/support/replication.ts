import { createConnection, type RowDataPacket } from 'mysql2/promise';

import type { DataSourceOptions } from 'typeorm';

import { MariaDbServer, type MariaDbServerOptions } from './mariadb-server.mjs';
import { until } from './until.js';

/** What a server needs to have a replica; `sync-binlog` so that a crash leaves no replica ahead of its primary. */
const PRIMARY = ['--log-bin=binlog', '--binlog-format=ROW', '--server-id=1'];
/** Nobody writes to it but replication, and `root`, who may do everything. */
const REPLICA = ['--server-id=2', '--read-only=1', '--slave-net-timeout=5'];

/** What is said of mysql2's cluster of pools beside its servers. */
export interface ClusterOptions {
  /** In ms. */
  readonly restoreNodeTimeout?: number;
}

/** Options of a data source that writes to one server and may read from another. */
export function replicated(
  primary: string,
  replica: string,
  cluster: ClusterOptions = {},
): DataSourceOptions {
  const replication = { master: { url: primary }, slaves: [{ url: replica }], ...cluster };
  return { type: 'mariadb', replication };
}

/** A MariaDB server and one that copies it, as far behind as a test wants. */
export class ReplicatedServer {
  readonly primary: MariaDbServer;
  readonly replica: MariaDbServer;

  private constructor({ durable = false, flags = [] }: MariaDbServerOptions) {
    const sync = `--sync-binlog=${durable ? 1 : 0}`;
    this.primary = new MariaDbServer({ durable, flags: [...PRIMARY, sync, ...flags] });
    this.replica = new MariaDbServer({ flags: REPLICA });
  }

  /** Starts both. @param options of the primary */
  static async start(options: MariaDbServerOptions = {}): Promise<ReplicatedServer> {
    const pair = new ReplicatedServer(options);
    try {
      await Promise.all([pair.primary.start(), pair.replica.start()]);
      // From the beginning: what is in its log is all there is.
      await pair.onReplica(
        `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${pair.primary.port}, MASTER_USER = 'root', ` +
          "MASTER_CONNECT_RETRY = 1, MASTER_LOG_FILE = 'binlog.000001', MASTER_LOG_POS = 4",
      );
      await pair.onReplica('START SLAVE');
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return pair;
  }

  /** Lets the replica stand still: it stays as it is now. */
  async hold(): Promise<void> {
    await this.onReplica('STOP SLAVE SQL_THREAD');
  }

  /** Lets it go on. */
  async release(): Promise<void> {
    await this.onReplica('START SLAVE SQL_THREAD');
  }

  /** Lets it stay that far behind, from now on. */
  async delay(seconds: number): Promise<void> {
    await this.onReplica('STOP SLAVE');
    await this.onReplica(`CHANGE MASTER TO MASTER_DELAY = ${seconds}`);
    await this.onReplica('START SLAVE');
  }

  /** Waits until the replica has everything that the primary has now. */
  async caughtUp(): Promise<void> {
    const [status] = await ask(this.primary, 'SHOW MASTER STATUS');
    const { File: file, Position: position } = status as { File: string; Position: number };
    await until(
      async () => {
        const wait = `SELECT MASTER_POS_WAIT('${file}', ${position}, 1) AS events`;
        const [waited] = await this.onReplica(wait);
        return Number(waited?.['events'] ?? -1) >= 0;
      },
      { what: 'the replica to catch up', timeoutMs: 60_000 },
    );
  }

  /** Options of a data source that has both. */
  options(database: string, cluster?: ClusterOptions): DataSourceOptions {
    return replicated(this.primary.url(database), this.replica.url(database), cluster);
  }

  /**
   * Notes from now on who connects to the replica.
   * @returns how many connected to that database meanwhile
   */
  async watchReplica(database: string): Promise<() => Promise<number>> {
    await this.onReplica("SET GLOBAL log_output = 'TABLE', general_log = 1");
    return async () => {
      const [row] = await this.onReplica(
        "SELECT COUNT(*) AS connects FROM mysql.general_log WHERE command_type = 'Connect' " +
          `AND argument LIKE '%${database}%'`,
      );
      return Number(row?.['connects']);
    };
  }

  /** Ends both, and removes their data. */
  async stop(): Promise<void> {
    await Promise.all([this.replica.stop(), this.primary.stop()]);
  }

  private onReplica(sql: string): Promise<RowDataPacket[]> {
    return ask(this.replica, sql);
  }
}

async function ask(server: MariaDbServer, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(server.url());
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}
