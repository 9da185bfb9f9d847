import { createDatabase, type TestDatabase } from '../databases.js';
import { TestProcess } from '../test-process.js';
import { until } from '../until.js';
import { EFFECTS, type ReplicaSettings, type Report, type Tell } from './replica.js';

export type ReplicaProcess = TestProcess<Report>;

const MAIN = new URL('./replica-main.ts', import.meta.url);

/** Starts a replica in a process of its own; resolves when it runs. */
export function startReplicaProcess(
  settings: ReplicaSettings,
  hear: Tell,
): Promise<ReplicaProcess> {
  return TestProcess.start<Report>(MAIN, settings, hear);
}

/** What a handler was at, and when. */
export type Handling = NonNullable<Report['handling']> & { readonly replica: string };

export interface Offset {
  readonly seq: number;
  readonly owner: string | null;
  readonly leaseUntil: number;
}

/** A database, and replicas of one application on it, each a process of its own. */
export class Replicas {
  /** Events that handlers began with, in the order they were told. */
  readonly handling: Handling[] = [];
  readonly handled: Handling[] = [];
  /** UUIDs of events whose transaction was about to commit; true when it is known that it did. */
  readonly written = new Map<string, boolean>();
  private readonly processes = new Map<string, ReplicaProcess>();
  private readonly settings = new Map<string, Omit<ReplicaSettings, 'url'>>();

  private constructor(readonly database: TestDatabase) {}

  static async open(serverUrl?: string): Promise<Replicas> {
    const database = await createDatabase(serverUrl);
    await database.query(EFFECTS);
    return new Replicas(database);
  }

  /** Starts a replica; without settings with those that one of this name had before. */
  async start(name: string, settings?: Omit<ReplicaSettings, 'url'>): Promise<ReplicaProcess> {
    if (settings) this.settings.set(name, settings);
    const { url } = this.database;
    const replica = await startReplicaProcess(
      { ...this.settings.get(name), url },
      ({ wrote, handling, handled }) => {
        for (const uuid of wrote?.uuids ?? []) this.written.set(uuid, wrote!.committed);
        if (handling) this.handling.push({ ...handling, replica: name });
        if (handled) this.handled.push({ ...handled, replica: name });
      },
    );
    this.processes.set(name, replica);
    return replica;
  }

  /** Which replica handles the events of a consumer, as far as it is known; undefined before the first. */
  handlerOf(consumer: string): string | undefined {
    return this.handling.findLast((handling) => handling.consumer === consumer)?.replica;
  }

  /** The events of which a consumer left its effect, in the order it did. */
  async effects(consumer: string): Promise<number[]> {
    const rows = await this.database.query(
      'SELECT seq FROM effects WHERE consumer = ? ORDER BY id',
      [consumer],
    );
    return rows.map(({ seq }) => Number(seq));
  }

  /** How many consumers each live process has, the most first. */
  async spread(): Promise<number[]> {
    const rows = await this.database.query(
      'SELECT COUNT(*) AS n FROM eventx_offsets WHERE owner IS NOT NULL GROUP BY owner ORDER BY n DESC',
    );
    return rows.map(({ n }) => Number(n));
  }

  async lastSeq(): Promise<number> {
    const [state] = await this.database.query('SELECT last_seq FROM eventx_state');
    return Number(state?.['last_seq']);
  }

  /** How far a consumer has come, and who has it until when, in ms by the clock on the wall. */
  async offset(consumer: string): Promise<Offset> {
    const [row] = await this.database.query(
      'SELECT seq, owner, lease_until FROM eventx_offsets WHERE consumer = ?',
      [consumer],
    );
    return {
      seq: Number(row?.['seq']),
      owner: (row?.['owner'] ?? null) as string | null,
      leaseUntil: Number(row?.['lease_until']),
    };
  }

  until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 45_000) {
    return until(condition, { what, timeoutMs });
  }

  /** Ends everything, also after a failure. */
  async close(): Promise<void> {
    for (const replica of this.processes.values()) {
      if (replica.isRunning) await replica.kill();
    }
    await this.database.drop();
  }
}
