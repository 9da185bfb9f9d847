import type { ProcessRecord } from '../storage/process-store.js';
import { selectProcesses, toProcess } from '../typeorm/stores/process.store.js';
import type { Check } from './examination.js';
import type { Finding } from './finding.js';

/** Every process that runs the log is heard of, and its runner gets on. */
export const processes: Check = {
  name: 'processes',

  async examine(examination) {
    const { limits, log } = examination;
    const { target } = log;
    const { sql, parameters } = selectProcesses(target, target.dialect);
    const known = (await examination.rows(sql, parameters)).map(toProcess);
    return known.flatMap((process) =>
      process.silentMs > limits.silentProcess
        ? [silent(process)]
        : failing(process, limits.failingRunner),
    );
  },
};

function silent({ id, roles, silentMs }: ProcessRecord): Finding {
  return {
    check: 'process-silent',
    severity: 'warning',
    message:
      `Nobody has heard of process ${id} (${roles}) for ${Math.round(silentMs / 1000)} s, and it did not say that it ends: it was ` +
      'killed, hangs, or does not reach the database. Its consumers have gone to others, if there are any.',
    fix: 'See whether it runs, and what its log says; it is forgotten an hour after its last sign of life',
  };
}

function failing({ id, failingSince, seenAt, lastError }: ProcessRecord, limit: number): Finding[] {
  if (!failingSince) return [];
  const ms = seenAt.getTime() - failingSince.getTime();
  if (ms < limit) return [];
  return [
    {
      check: 'runner-failing',
      severity: 'error',
      message:
        `The runner of process ${id} has not got on for ${Math.round(ms / 1000)} s: its subscribers and consumers get nothing new. ` +
        `Its last error: ${lastError ?? 'none was noted'}`,
      fix: 'Mend what the error says; the runner tries again by itself',
    },
  ];
}
