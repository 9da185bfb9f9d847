import { cpus, loadavg } from 'node:os';

import { SERVER_CONDITIONS } from '../lab/server.js';

/** What figures were measured under. The load tells whether anything else was going on. */
export function conditions(): string {
  const processors = cpus();
  const load = loadavg()[0]!.toFixed(1);
  return (
    `${processors.length} × ${processors[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, ` +
    `private MariaDB on the same machine (${SERVER_CONDITIONS}), load before: ${load}`
  );
}
