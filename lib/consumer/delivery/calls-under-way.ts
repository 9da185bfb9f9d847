import type { Clock } from '../../util/clock.js';
import type { EventxLogger } from '../../util/logger.js';
import type { ConsumerStore, Lease } from '../../storage/index.js';
import { describeCall, type HandlerCallInfo } from './handler-call.js';

/** A call as it is watched. */
export interface CallUnderWay extends HandlerCallInfo {
  /** On the clock, in ms. */
  readonly startedAt: number;
  /** How long it may take until it is next spoken of, in ms; doubled each time. */
  saidAt: number;
}

interface CallsEnvironment {
  readonly consumer: string;
  readonly lease: Lease;
  readonly store: Pick<ConsumerStore<never, never>, 'reportStuck'>;
  readonly clock: Clock;
  readonly logger: EventxLogger;
  /** After how long a call is spoken of, in ms. */
  readonly slowMs: number;
  /** The consumer's own time limit, in ms; 0 is none. */
  readonly timeoutMs: number;
}

/** Calls are looked at so many times within `slowMs`. */
const LOOKS = 4;

/**
 * What the handlers of a run are at. Speaks of calls that take long: in the log, and in the consumer's row, where other processes see
 * it. A timer for all of them, and only while there are any: calls are many, and most are short.
 */
export class CallsUnderWay {
  private readonly calls = new Set<CallUnderWay>();
  private reported: CallUnderWay | null = null;
  private reporting: Promise<void> = Promise.resolve();
  private cancel: (() => void) | null = null;
  private closed = false;

  constructor(private readonly environment: CallsEnvironment) {}

  begin(info: HandlerCallInfo): CallUnderWay {
    const { clock, slowMs } = this.environment;
    const call = { ...info, startedAt: clock.now(), saidAt: slowMs };
    this.calls.add(call);
    if (!this.cancel) this.lookLater();
    return call;
  }

  end(call: CallUnderWay): void {
    this.calls.delete(call);
    if (!isSlow(call, this.environment.slowMs)) return;
    this.environment.logger.log(`${this.describe(call)} ended after ${this.secondsOf(call)} s.`);
    if (call === this.reported) this.report(this.oldestSlow());
  }

  /** For good; nothing is left behind. */
  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  private lookLater(): void {
    if (this.closed) return;
    const { clock, slowMs } = this.environment;
    this.cancel = clock.after(slowMs / LOOKS, () => {
      this.cancel = null;
      for (const call of this.calls) this.look(call);
      if (!this.reported) this.report(this.oldestSlow());
      if (this.calls.size > 0) this.lookLater();
    });
  }

  private look(call: CallUnderWay): void {
    const { clock, logger, timeoutMs } = this.environment;
    if (clock.now() - call.startedAt < call.saidAt) return;
    while (clock.now() - call.startedAt >= call.saidAt) call.saidAt *= 2;
    logger.warn(
      `${this.describe(call)} has been running for ${this.secondsOf(call)} s, and what comes after it waits. ` +
        (timeoutMs > 0
          ? `It is broken off after ${timeoutMs} ms.`
          : `Nothing breaks it off: set the consumer's option "timeout", or a limit in what it calls.`),
    );
  }

  private oldestSlow(): CallUnderWay | null {
    for (const call of this.calls) if (isSlow(call, this.environment.slowMs)) return call;
    return null;
  }

  /** One after the other, so that none overtakes the next. */
  private report(call: CallUnderWay | null): void {
    if (call === this.reported) return;
    this.reported = call;
    const { store, lease, clock } = this.environment;
    this.reporting = this.reporting.then(() =>
      store.reportStuck(
        lease,
        call && { at: describeCall(call), forMs: clock.now() - call.startedAt },
      ),
    );
  }

  private describe(call: CallUnderWay): string {
    return `Consumer "${this.environment.consumer}": ${describeCall(call)}`;
  }

  private secondsOf({ startedAt }: CallUnderWay): string {
    const seconds = (this.environment.clock.now() - startedAt) / 1000;
    return seconds.toFixed(seconds < 10 ? 1 : 0);
  }
}

/** Whether it was spoken of. */
function isSlow(call: CallUnderWay, slowMs: number): boolean {
  return call.saidAt > slowMs;
}
