import { createDatabase, type Row, type TestDatabase } from '../../support/databases.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';
import { ReplicatedServer } from '../../support/replication.js';
import { until } from '../../support/until.js';
import { BANK_TABLES } from './bank.js';
import { Members } from './members.js';
import { Networks } from './networks.js';
import { Recorder } from './recorder.js';
import { Replica } from './replica.js';

const NAMES = ['anna', 'ben', 'carl'];
/** As which user the members connect, to tell their connections from others. Without rights on the server itself. */
const USER = 'members';
/** Whoever waits for a lock while `read_only` is about to be set waits for somebody who waits for him. By default for 50 s. */
const FLAGS = ['--innodb-lock-wait-timeout=2'];
/** Everything there ever was, whatever retention deletes. */
const ARCHIVE = [
  'CREATE TABLE archive (id BIGINT PRIMARY KEY, seq BIGINT, uuid CHAR(36), type VARCHAR(191), `key` VARCHAR(191), data MEDIUMBLOB)',
  'CREATE TRIGGER archive BEFORE DELETE ON eventx_events FOR EACH ROW ' +
    'INSERT INTO archive VALUES (OLD.id, OLD.seq, OLD.uuid, OLD.type, OLD.`key`, OLD.data)',
];

/** A server, networks, and an application of several processes: everything that can be hurt. */
export class Cluster {
  private constructor(
    readonly server: MariaDbServer,
    readonly database: TestDatabase,
    readonly networks: Networks,
    readonly members: Members,
    readonly recorder: Recorder,
    /** Null where there is none. */
    readonly replica: Replica | null,
  ) {}

  static async open(
    seed: number,
    { replicated }: { readonly replicated: boolean },
  ): Promise<Cluster> {
    const { server, replica } = await startServers(replicated);
    try {
      const database = await createDatabase(server.url());
      const networks = await Networks.to(replica?.url ?? server.url(), NAMES);
      for (const sql of [
        ...BANK_TABLES,
        `CREATE USER '${USER}'`,
        `GRANT ALL ON ${database.name}.* TO '${USER}'`,
      ]) {
        await database.query(sql);
      }
      const url = (member: string) =>
        `mysql://${USER}@127.0.0.1:${networks.of(member).port}/${database.name}`;
      const recorder = new Recorder();
      const members = new Members(NAMES, url, seed, recorder);
      return new Cluster(server, database, networks, members, recorder, replica);
    } catch (error) {
      await replica?.close();
      await server.stop();
      throw error;
    }
  }

  async start(): Promise<void> {
    // The members have to be known there, too.
    await this.replica?.caughtUp();
    await this.members.startAll();
    for (const sql of ARCHIVE) await this.query(sql);
  }

  /** Runs a statement, over and over until the database answers: it may be down, or have been. */
  query<T extends Row = Row>(sql: string, values?: unknown[]): Promise<T[]> {
    return until(() => this.database.query<T>(sql, values), {
      what: 'the database',
      timeoutMs: 60_000,
    });
  }

  /** The ids of the connections that the members have. */
  async connections(): Promise<number[]> {
    const rows = await this.query('SELECT id FROM information_schema.processlist WHERE user = ?', [
      USER,
    ]);
    return rows.map(({ id }) => Number(id));
  }

  async lastSeq(): Promise<number> {
    const [state] = await this.query('SELECT last_seq FROM eventx_state');
    return Number(state!['last_seq']);
  }

  /** Ends everything, also after a failure. */
  async close(): Promise<void> {
    await this.members.close();
    await this.networks.close();
    await this.server.resume();
    await this.database.drop().catch(() => undefined);
    await this.replica?.close();
    await this.server.stop();
  }
}

async function startServers(
  replicated: boolean,
): Promise<{ readonly server: MariaDbServer; readonly replica: Replica | null }> {
  const options = { durable: true, flags: FLAGS };
  if (!replicated) return { server: await new MariaDbServer(options).start(), replica: null };
  const servers = await ReplicatedServer.start(options);
  return { server: servers.primary, replica: await Replica.of(servers) };
}
