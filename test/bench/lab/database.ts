import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import libsql from 'libsql';
import { createPool, type Pool } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';

import { startApp } from './app.js';

/** A database of its own with an empty log, and a way to it that knows nothing of the library. */
export interface BenchDatabase {
  readonly options: DataSourceOptions;
  /** Bare connections, with several statements a call. */
  readonly pool: Pool;
  remove(): Promise<void>;
}

let made = 0;

export async function createMariaDb(serverUrl: string): Promise<BenchDatabase> {
  const name = `bench_${process.pid}_${++made}`;
  const url = serverUrl + name;
  const admin = createPool({ uri: serverUrl, connectionLimit: 1 });
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const database = {
    // TypeORM's pool has 10 connections by default, fewer than the writers of some scenarios.
    options: { type: 'mariadb', url, extra: { connectionLimit: 40 } },
    pool: createPool({ uri: url, connectionLimit: 40, multipleStatements: true }),
    async remove() {
      await this.pool.end();
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  } satisfies BenchDatabase;
  await makeTables(database.options);
  return database;
}

/** An embedded database in a file of its own. */
export interface EmbeddedDatabase {
  readonly options: DataSourceOptions;
  readonly file: string;
  remove(): void;
}

export async function createEmbedded(): Promise<EmbeddedDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'eventx-bench-'));
  const file = join(folder, 'bench.db');
  const options = { type: 'better-sqlite3', driver: libsql, database: file } as const;
  await makeTables(options);
  return { options, file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** As an application would: by starting once. */
async function makeTables(options: DataSourceOptions): Promise<void> {
  const app = await startApp({ options }, { run: false });
  await app.close();
}
