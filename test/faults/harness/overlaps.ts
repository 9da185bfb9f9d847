/** A time in ms of the clock that all processes of the machine share. */
export interface Span {
  readonly begun: number;
  readonly ended: number;
}

/** A call of a handler. It ended when its signal told it to, if not before. */
export interface Call extends Span {
  readonly consumer: string;
  readonly member: string;
  readonly seq: number;
}

/** A member that was frozen: it could not end anything. */
export interface Freeze extends Span {
  readonly member: string;
}

/** How late a process may come to what it has a timer for, in ms: machines are busy. */
const LATE_MS = 500;

/**
 * Handlers without transactions are safe from nobody but their lease: a member that may have lost it must break them off before the next
 * one begins. @returns calls that went on in one member after their consumer had begun in another
 */
export function overlaps(calls: readonly Call[], freezes: readonly Freeze[]): string[] {
  const found = new Map<Call, string>();
  /** Of each consumer and member, the call that ends last. */
  const last = new Map<string, Call>();
  for (const call of [...calls].sort((a, b) => a.begun - b.begun)) {
    for (const other of last.values()) {
      const ms = Math.round(other.ended - call.begun);
      if (other.consumer !== call.consumer || other.member === call.member) continue;
      if (ms <= LATE_MS || found.has(other)) continue;
      found.set(
        other,
        `G5: ${call.consumer} was at event ${other.seq} in ${other.member} for ${ms} ms more when ${call.member} began with ` +
          `event ${call.seq}`,
      );
    }
    if (freezes.some((freeze) => froze(freeze, call))) continue;
    const key = `${call.consumer} ${call.member}`;
    const before = last.get(key);
    if (!before || before.ended < call.ended) last.set(key, call);
  }
  return [...found.values()];
}

function froze({ member, begun, ended }: Freeze, call: Call): boolean {
  return member === call.member && begun <= call.ended && call.begun <= ended;
}
