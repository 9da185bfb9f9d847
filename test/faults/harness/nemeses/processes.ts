import { type Nemesis, pick } from './nemesis.js';

/** A process dies in the middle of something, and comes back. */
export const killProcess: Nemesis = {
  name: 'SIGKILL a process',
  hurts: 'processes',
  strike: ({ members }, random) => members.kill(pick(members.names, random)),
};

/** A process is frozen, perhaps for longer than its lease and the time limits of its queries. */
export const freezeProcess: Nemesis = {
  name: 'SIGSTOP a process',
  hurts: 'processes',
  strike: ({ members }, random) =>
    members.freeze(pick(members.names, random), random.between(50, 4000)),
};

/** A process is restarted as a deployment does. */
export const restartProcess: Nemesis = {
  name: 'restart a process',
  hurts: 'processes',
  strike: ({ members }, random) => members.restart(pick(members.names, random)),
};
