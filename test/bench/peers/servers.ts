import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../support/processes/free-port.js';

/** A private server of another product, durable as the MariaDB beside it. */
export interface PrivateServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** PostgreSQL with its default, durable settings and the same memory; null where it is not installed. */
export async function startPostgres(): Promise<PrivateServer | null> {
  const initdb = findProgram('initdb');
  const postgres = findProgram('postgres');
  if (!initdb || !postgres) return null;
  const folder = mkdtempSync(join(tmpdir(), 'eventx-pg-'));
  const user = unprivileged(folder);
  const data = join(folder, 'data');
  execFileSync(initdb, ['-D', data, '-U', 'bench', '-A', 'trust'], { ...user, stdio: 'ignore' });
  const port = await freePort();
  const settings = ['shared_buffers=1GB', 'max_connections=200', 'listen_addresses=127.0.0.1'];
  const args = ['-D', data, '-p', String(port), '-k', folder];
  const child = spawn(postgres, [...args, ...settings.flatMap((setting) => ['-c', setting])], {
    ...user,
    stdio: 'ignore',
  });
  return running(child, port, folder, 'SIGINT');
}

/** Redis that writes its log to disk at every command; null where it is not installed. */
export async function startRedis(): Promise<PrivateServer | null> {
  const redis = findProgram('redis-server');
  if (!redis) return null;
  const folder = mkdtempSync(join(tmpdir(), 'eventx-redis-'));
  const port = await freePort();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const child = spawn(redis, ['--port', String(port), '--dir', folder, ...durable], {
    stdio: 'ignore',
  });
  return running(child, port, folder, 'SIGTERM');
}

async function running(
  child: ChildProcess,
  port: number,
  folder: string,
  end: NodeJS.Signals,
): Promise<PrivateServer> {
  const gone = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries > 300 || child.exitCode !== null) {
      throw new Error(`${child.spawnfile} did not start.`);
    }
    await sleep(50);
  }
  return {
    port,
    async stop() {
      child.kill(end);
      await gone;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

/** PostgreSQL refuses to run as root: then as the user of its package, to whom the folder is given. */
function unprivileged(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const user = { uid: id('-u'), gid: id('-g') };
  chownSync(folder, user.uid, user.gid);
  return user;
}

/** On the path, or where Debian keeps PostgreSQL's programs. */
function findProgram(name: string): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
