import type { ConsumerRecord } from '../../storage/index.js';

/** A consumer to ask another process for. */
export interface Handover {
  readonly consumer: string;
  readonly from: string;
}

/**
 * Spreads consumers over processes: one that has at least two fewer than another asks it for one. One at a time, so that it settles.
 * @param declared the consumers that this process can run
 */
export function handoverTo(
  me: string,
  records: readonly ConsumerRecord[],
  declared: ReadonlySet<string>,
): Handover | null {
  // One that was paused or halted meanwhile will not come, and is not to be waited for.
  if (records.some((record) => record.wantedBy === me && !isHeld(record))) return null;
  const counts = new Map<string, number>([[me, 0]]);
  for (const { owner } of records) {
    if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const own = counts.get(me)!;
  let best: Handover | null = null;
  let most = own + 1;
  for (const record of records) {
    const { consumer, owner, wantedBy } = record;
    if (owner === null || owner === me || wantedBy !== null || isHeld(record)) continue;
    if (!declared.has(consumer)) continue;
    const count = counts.get(owner)!;
    if (count > most) {
      most = count;
      best = { consumer, from: owner };
    }
  }
  return best;
}

/** Whether nobody is to run it for now. */
function isHeld({ paused, halted }: ConsumerRecord): boolean {
  return paused || halted;
}
