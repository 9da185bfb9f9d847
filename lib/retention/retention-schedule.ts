import type { CronJob } from 'cron';

import { backoffDelay } from '../util/backoff.js';
import { type Clock, systemClock } from '../util/clock.js';
import { EventxOptionsError } from '../errors.js';
import { describeError, type EventxLogger } from '../util/logger.js';
import { pause } from '../util/pause.js';
import type { EventxRetentionJob } from './retention-job.js';

/** What starts the job again and again; `stop` ends that. */
interface Schedule {
  stop(): void;
}

/** Where an application sees its jobs: the `SchedulerRegistry` of `@nestjs/schedule`, or something like it. */
export interface JobRegistry {
  doesExist(type: 'cron' | 'interval', name: string): boolean;
  addInterval(name: string, timer: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
  /** @param job one of the package `cron` */
  addCronJob(name: string, job: object): void;
  deleteCronJob(name: string): void;
}

/** What a schedule takes from outside. */
export interface RetentionScheduleEnvironment {
  /** Under which the job is to be seen. */
  readonly name: string;
  /** Null where the application has no registry. @default none */
  readonly jobs?: () => Promise<JobRegistry | null>;
  readonly logger: EventxLogger;
  /** What people should know of retention when it starts; null for nothing. */
  readonly caution: () => string | null;
  readonly clock?: Clock;
}

/** How long a shutdown waits for the statement in hand, in ms. A storage of the application's own may never answer. */
const STOP_MS = 10_000;

/**
 * Runs the retention job on its schedule, on a timer of its own, which the application's registry of jobs shows under its name where
 * there is one. Runs never overlap.
 */
export class RetentionSchedule {
  private schedule: Schedule | null = null;
  private run: Promise<void> | null = null;
  private failures = 0;
  private notBefore = 0;
  private readonly abort = new AbortController();
  private readonly clock: Clock;

  constructor(
    private readonly job: EventxRetentionJob,
    private readonly environment: RetentionScheduleEnvironment,
  ) {
    this.clock = environment.clock ?? systemClock;
  }

  /** @throws EventxOptionsError when a cron expression is given and nothing here understands it, or the name of the job is taken */
  async start(): Promise<void> {
    const registry = (await this.environment.jobs?.()) ?? null;
    const { schedule } = this.job.options;
    this.schedule =
      'cron' in schedule
        ? await this.byCron(schedule.cron, registry)
        : this.byInterval(schedule.interval, registry);
    const caution = this.environment.caution();
    if (caution !== null) this.environment.logger.warn(caution);
  }

  /** Ends the schedule and waits for the statement in hand, but not for ever. */
  async stop(): Promise<void> {
    this.abort.abort();
    this.schedule?.stop();
    if (!this.run) return;
    const ended = new AbortController();
    void this.run.then(() => ended.abort());
    await pause(STOP_MS, this.clock, ended.signal);
    if (ended.signal.aborted) return;
    this.environment.logger.warn(
      `Retention is still at a statement that began more than ${STOP_MS} ms ago. The shutdown goes on without it.`,
    );
  }

  private byInterval(interval: number, registry: JobRegistry | null): Schedule {
    const { name } = this.environment;
    const timer = setInterval(() => this.tick(), interval);
    this.enlist(
      () => registry?.addInterval(name, timer),
      () => clearInterval(timer),
    );
    return {
      stop: () => {
        clearInterval(timer);
        if (registry?.doesExist('interval', name)) registry.deleteInterval(name);
      },
    };
  }

  /** Makes the job seen in the registry; what was made for it is undone when that fails. @throws EventxOptionsError */
  private enlist(add: () => void, undo: () => void): void {
    try {
      add();
    } catch (cause) {
      undo();
      throw new EventxOptionsError(
        `Retention cannot be scheduled: the SchedulerRegistry has a job "${this.environment.name}" already. Is EventxModule imported ` +
          'twice? Then import it once, or give the second log a "name". A job of the application needs another name.',
        { cause },
      );
    }
  }

  private async byCron(expression: string, registry: JobRegistry | null): Promise<Schedule> {
    const cron = await import('cron').catch((cause: unknown) => {
      throw new EventxOptionsError(
        'Option "retention.cron" needs the package "cron", which @nestjs/schedule brings along: npm install @nestjs/schedule. ' +
          'Or use "retention.interval".',
        { cause },
      );
    });
    let job: CronJob<null, null>;
    try {
      job = new cron.CronJob<null, null>(expression, () => this.tick());
    } catch (cause) {
      throw new EventxOptionsError(
        `Option "retention.cron" is not a cron expression: ${JSON.stringify(expression)}.`,
        { cause },
      );
    }
    const { name } = this.environment;
    this.enlist(
      () => registry?.addCronJob(name, job),
      () => void job.stop(),
    );
    job.start();
    return {
      stop: () => {
        void job.stop();
        if (registry?.doesExist('cron', name)) registry.deleteCronJob(name);
      },
    };
  }

  private tick(): void {
    if (this.run || this.abort.signal.aborted || this.clock.now() < this.notBefore) return;
    this.run = this.once().finally(() => (this.run = null));
  }

  private async once(): Promise<void> {
    const { logger } = this.environment;
    try {
      const { deleted, before } = await this.job.runOnce(this.abort.signal);
      this.failures = 0;
      if (deleted > 0)
        logger.log(`Retention deleted ${deleted} event(s): all before seq ${before}.`);
    } catch (error) {
      const delay = backoffDelay(++this.failures, this.job.options.errorBackoff, Math.random());
      this.notBefore = this.clock.now() + delay;
      logger.warn(
        `Retention failed (${this.failures} in a row), so the log grows meanwhile; it is tried again in ${delay} ms at the earliest: ` +
          describeError(error),
      );
    }
  }
}
