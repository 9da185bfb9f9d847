// A replica in a process of its own: the settings come as the argument, the reports go to the standard output, a line each. It
// shuts down at SIGTERM, as applications with shutdown hooks do, and dies when its standard input ends: then the test is gone.
import 'reflect-metadata';

import { writeSync } from 'node:fs';

import { type ReplicaSettings, startReplica } from './replica.js';

process.stdin.resume().on('end', () => process.exit(1));

const { app } = await startReplica(JSON.parse(process.argv[2]!) as ReplicaSettings, (report) => {
  // Synchronous, so that nothing is lost when the process is killed.
  writeSync(process.stdout.fd, `${JSON.stringify(report)}\n`);
});
app.enableShutdownHooks();
