import {
  exhaustPool,
  hangHandlers,
  initializeAgain,
  jumpClock,
  leakTransaction,
} from './application.js';
import { killConnections, killQueries } from './connections.js';
import type { Nemesis } from './nemesis.js';
import { cutNetwork, loseCommits, silenceMember, slowNetwork, stallNetwork } from './network.js';
import { freezeProcess, killProcess, restartProcess } from './processes.js';
import { splitReads } from './reads.js';
import { holdLocks, provokeDeadlocks } from './rivals.js';
import { crashServer, hangServer, readOnlyServer, restartServer } from './server.js';

export type { Nemesis } from './nemesis.js';

/** All there are. Retention is at work beside every one of them. */
export const NEMESES: readonly Nemesis[] = [
  killConnections,
  killQueries,
  killProcess,
  freezeProcess,
  restartProcess,
  crashServer,
  restartServer,
  hangServer,
  readOnlyServer,
  cutNetwork,
  slowNetwork,
  stallNetwork,
  loseCommits,
  silenceMember,
  holdLocks,
  provokeDeadlocks,
  splitReads,
  exhaustPool,
  hangHandlers,
  leakTransaction,
  initializeAgain,
  jumpClock,
];
