// A replica in a process of its own: the settings come as the argument, the reports go to the standard output, a line each.
// It shuts down at SIGTERM, and dies when its standard input ends: then the test is gone.
import 'reflect-metadata';

import { type ReplicaSettings, startReplica } from './replica.js';
import type { Report } from './replica-process.js';

process.stdin.resume().on('end', () => process.exit(1));

const replica = await startReplica(JSON.parse(process.argv[2]!) as ReplicaSettings, {
  saw: (...saw) => tell({ saw }),
  wrote: (wrote) => tell({ wrote }),
  failed: (...failed) => tell({ failed }),
});
// Whatever it rejects with ends the process with an error.
process.once('SIGTERM', () => void replica.stop().then(() => process.exit(0)));
tell({ ready: true });

/** Synchronous on a pipe, so that nothing is lost when the process is killed. */
function tell(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
