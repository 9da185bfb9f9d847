import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The newest versions that run on this Node; some have left Node 20 behind. */
const NEW_NODE = Number(process.versions.node.split('.')[0]) >= 24;
const PACKAGES = [
  '@fullstackhouse/nestjs-outbox@4',
  '@fullstackhouse/nestjs-outbox-typeorm-driver@4',
  '@nestjs/common@11',
  '@nestjs/core@11',
  '@nestjs/typeorm@11',
  'typeorm@0.3',
  'mysql2@3',
  'reflect-metadata@0.2',
  'rxjs@7',
  'pg@8',
  NEW_NODE ? 'pg-boss@12' : 'pg-boss@10',
  NEW_NODE ? 'graphile-worker@0.18' : 'graphile-worker@0.16',
  'bullmq@6',
  'ioredis@5',
];

/** Packages that are no dependency of ours, in a folder of their own. */
export interface PeerPackages {
  load(name: string): unknown;
  /** Installed version. */
  version(name: string): string;
}

const FOLDER = join(tmpdir(), 'eventx-bench-peers');

/** Installs the peers outside of the repository, once for all runs. */
export function installPeers(): PeerPackages {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true}\n');
  process.stderr.write(`Installing the peers into ${FOLDER} …\n`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', FOLDER, ...PACKAGES], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return openPeers();
}

/** What `installPeers` has installed. */
export function openPeers(): PeerPackages {
  const require = createRequire(join(FOLDER, 'package.json'));
  return {
    load: (name) => require(name) as unknown,
    version: (name) => versionIn(join(FOLDER, 'node_modules', name, 'package.json')),
  };
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
