import { createConnection, type RowDataPacket } from 'mysql2/promise';

import { MariaDbServer, type MariaDbServerOptions } from './mariadb-server.mjs';
import { until } from './until.js';

/** What a server needs to have a replica; `sync-binlog` so that a crash leaves no replica ahead of its primary. */
const PRIMARY = ['--log-bin=binlog', '--binlog-format=ROW', '--server-id=1'];
/** Nobody writes to it but replication, and `root`, who may do everything. */
const REPLICA = ['--server-id=2', '--read-only=1', '--slave-net-timeout=5'];

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
