import type { PeerPackages } from './install.js';

/** The part of `pg` that is used here. */
export interface PgPool {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  connect(): Promise<PgClient>;
  end(): Promise<void>;
}
export interface PgClient {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  release(): void;
}

export interface PgDatabase {
  readonly url: string;
  readonly pool: PgPool;
  /** The database goes with its server: products may still be letting go of their connections. */
  close(): Promise<void>;
}

let made = 0;

export async function createPgDatabase(packages: PeerPackages, port: number): Promise<PgDatabase> {
  const { Pool } = packages.load('pg') as { Pool: new (options: object) => PgPool };
  // Each round has a process of its own.
  const name = `peer_${process.pid}_${++made}`;
  const server = `postgres://bench@127.0.0.1:${port}`;
  const admin = new Pool({ connectionString: `${server}/postgres`, max: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = `${server}/${name}`;
  const pool = new Pool({ connectionString: url, max: 40 });
  return {
    url,
    pool,
    async close() {
      await pool.end();
    },
  };
}

export async function inPgTransaction(
  pool: PgPool,
  work: (client: PgClient) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}
