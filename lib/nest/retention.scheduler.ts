import type { ModuleRef } from '@nestjs/core';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { CronJob } from 'cron';

import { backoffDelay } from '../core/backoff.js';
import { EventxOptionsError } from '../core/errors.js';
import { describeError, type EventxLogger } from '../core/logger.js';
import type { EventxRetentionJob } from '../retention/retention-job.js';

/** What starts the job again and again; `stop` ends that. */
interface Schedule {
  stop(): void;
}

/**
 * Runs the retention job on its schedule: in the application's own `SchedulerRegistry`, where it can be seen under its name, or,
 * where `@nestjs/schedule` is not in use, on a timer of its own. Runs never overlap.
 */
export class RetentionScheduler {
  private schedule: Schedule | null = null;
  private run: Promise<void> | null = null;
  private failures = 0;
  private notBefore = 0;
  private readonly abort = new AbortController();

  /** @param name under which the job is to be seen */
  constructor(
    private readonly job: EventxRetentionJob,
    private readonly name: string,
    private readonly moduleRef: ModuleRef,
    private readonly logger: EventxLogger,
  ) {}

  /** @throws EventxOptionsError when a cron expression is given and nothing here understands it */
  async start(): Promise<void> {
    const registry = await this.registry();
    const { schedule } = this.job.options;
    this.schedule =
      'cron' in schedule
        ? await this.byCron(schedule.cron, registry)
        : this.byInterval(schedule.interval, registry);
  }

  /** Ends the schedule and waits for the statement in hand. */
  async stop(): Promise<void> {
    this.abort.abort();
    this.schedule?.stop();
    await this.run;
  }

  private byInterval(interval: number, registry: SchedulerRegistry | null): Schedule {
    const timer = setInterval(() => this.tick(), interval);
    registry?.addInterval(this.name, timer);
    return {
      stop: () => {
        clearInterval(timer);
        if (registry?.doesExist('interval', this.name)) registry.deleteInterval(this.name);
      },
    };
  }

  private async byCron(expression: string, registry: SchedulerRegistry | null): Promise<Schedule> {
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
    registry?.addCronJob(this.name, job);
    job.start();
    return {
      stop: () => {
        void job.stop();
        if (registry?.doesExist('cron', this.name)) registry.deleteCronJob(this.name);
      },
    };
  }

  private tick(): void {
    if (this.run || performance.now() < this.notBefore) return;
    this.run = this.once().finally(() => (this.run = null));
  }

  private async once(): Promise<void> {
    try {
      const { deleted, before } = await this.job.runOnce(this.abort.signal);
      this.failures = 0;
      if (deleted > 0)
        this.logger.debug?.(`Retention deleted ${deleted} events before seq ${before}.`);
    } catch (error) {
      const delay = backoffDelay(++this.failures, this.job.options.errorBackoff, Math.random());
      this.notBefore = performance.now() + delay;
      this.logger.warn(`Retention failed, not again for ${delay} ms: ${describeError(error)}`);
    }
  }

  /** The application's registry, if it imports `ScheduleModule`. */
  private async registry(): Promise<SchedulerRegistry | null> {
    const schedule = await import('@nestjs/schedule').catch(() => null);
    if (!schedule) return null;
    try {
      return this.moduleRef.get(schedule.SchedulerRegistry, { strict: false });
    } catch {
      return null;
    }
  }
}
