import { setImmediate as nextTurn } from 'node:timers/promises';

import { until } from '../until.js';

/** What a process holds on to. */
export interface Footprint {
  /** Bytes in use, of the heap and beside it, after the garbage is gone. */
  readonly bytes: number;
  /** Timers, sockets and whatever else keeps it alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners of the process itself. */
  readonly processListeners: number;
}

/** Looks at this process, when its connections are closed; it must have been started with --expose-gc. */
export async function footprint(): Promise<Footprint> {
  await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'), {
    what: 'connections to be closed',
  });
  // What is over is let go of only when the present jobs of the event loop are.
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    // The immediate of this function itself, and pipes that a parent reads.
    if (kind !== 'Immediate') resources[kind] = (resources[kind] ?? 0) + 1;
  }
  const processListeners = process
    .eventNames()
    .reduce((count, name) => count + process.listenerCount(name), 0);
  return { bytes: heapUsed + external, resources, processListeners };
}
