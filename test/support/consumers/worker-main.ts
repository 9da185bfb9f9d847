// A worker in a process of its own: the settings come as the argument, what happens goes to the standard output, a line each.
// It shuts down at SIGTERM, and dies when its standard input ends: then the test is gone.
import 'reflect-metadata';

import libsql from 'libsql';

import { startWorker, type WorkerSettings } from './worker.js';
import type { Report } from './worker-process.js';

process.stdin.resume().on('end', () => process.exit(1));

const settings = JSON.parse(process.argv[2]!) as WorkerSettings;
const { database } = settings;
const app = await startWorker(
  {
    ...settings,
    database: database.type === 'better-sqlite3' ? { ...database, driver: libsql } : database,
  },
  (effectOf) => tell({ effectOf }),
);
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
tell({ ready: true });

function tell(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
