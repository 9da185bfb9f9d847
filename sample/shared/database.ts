import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import libsql from 'libsql';

import { StartupError } from './startup.error.js';

export interface Database {
  readonly options: TypeOrmModuleOptions;
  /** For people; without a password. */
  readonly description: string;
}

/**
 * The database of a sample: `mysql://user:password@host:port/database`, the same with `mariadb://`, or `sqlite:file`. Without a
 * URL an embedded one in a new file, which is removed at the end.
 * @throws StartupError
 */
export function databaseAt(url: string | undefined): Database {
  if (!url) return embedded(temporaryFile(), 'a new file, removed at the end');
  if (url.startsWith('sqlite:')) return embedded(url.slice('sqlite:'.length), 'kept');
  return server(url);
}

function embedded(file: string, fate: string): Database {
  if (file === '') throw new StartupError('EVENTX_DATABASE_URL: sqlite: needs the name of a file.');
  return {
    options: { type: 'better-sqlite3', driver: libsql, database: file },
    description: `SQLite, ${file} (${fate})`,
  };
}

function server(text: string): Database {
  const url = URL.canParse(text) ? new URL(text) : null;
  const type = url?.protocol.slice(0, -1);
  const database = url?.pathname.slice(1);
  if (!url || (type !== 'mysql' && type !== 'mariadb') || !url.hostname || !database) {
    throw new StartupError(
      'EVENTX_DATABASE_URL must look like mysql://user:password@host:3306/database or sqlite:orders.db.',
    );
  }
  return { options: { type, url: text }, description: `${url.host}/${database}` };
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'eventx-sample-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sample.db');
}
