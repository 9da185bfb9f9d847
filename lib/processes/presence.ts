import type { Clock } from '../util/clock.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import { pause } from '../util/pause.js';
import type { ProcessReport, ProcessStore } from '../storage/process-store.js';

/** Time between two reports, in ms. */
const REPORT_MS = 5000;
/** After so many ms a process that has not been heard of is forgotten: it has been replaced long since, or somebody has seen to it. */
const FORGET_MS = 3_600_000;

export interface PresenceEnvironment {
  readonly logger: EventxLogger;
  readonly clock: Clock;
}

/** Reports to the database that this process is alive, while it is. A report that fails harms nothing but the report. */
export class Presence {
  constructor(
    private readonly store: ProcessStore,
    private readonly describe: () => ProcessReport,
    private readonly environment: PresenceEnvironment,
  ) {}

  /** Runs until the signal aborts, and says so in the end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.environment;
    while (!signal.aborted) {
      await this.attempt(() => this.store.report(this.describe(), FORGET_MS));
      await pause(REPORT_MS, clock, signal);
    }
    await this.attempt(() => this.store.leave(this.describe().id));
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.environment.logger.debug?.(
        `This process could not report itself: ${describeError(error)}`,
      );
    }
  }
}
