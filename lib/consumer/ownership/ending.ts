import type { ConsumerRecord, Holder } from '../../storage/index.js';

/** How and why a run ended, as the log says it. */
export interface Ending {
  readonly how: string;
  readonly why?: string;
}

/** Other processes may have the consumer. */
export const LOST = 'was lost';
/** People did it, on purpose. */
export const MOVED = 'was moved or removed by hand';

/** Of a consumer that is paused, halted, or asked for by another process. */
export function howItEnds({ halted, wantedBy }: ConsumerRecord): string {
  if (halted) return 'is halted';
  return wantedBy === null ? 'is paused' : `is handed over to ${wantedBy}`;
}

/** Of a consumer that this process does not have any more. */
export function whoHasIt(holder: Holder | null): Ending {
  return holder?.owner
    ? { how: LOST, why: `${holder.owner} has it now (fencing token ${holder.fencingToken}).` }
    : { how: MOVED };
}

export function described({ how, why }: Ending): string {
  return why === undefined ? `${how}.` : `${how}: ${why}`;
}
