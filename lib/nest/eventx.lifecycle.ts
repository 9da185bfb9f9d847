import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';

import { outside } from '../util/outside.js';
import type { ConsumerOrchestrator } from './consumer.orchestrator.js';
import type { Log } from './create-log.js';
import { describeLog } from './describe-log.js';
import type { Role } from './module-options.js';
import type { RetentionScheduler } from './retention.scheduler.js';

/** Starts what runs when the application is up, and stops it, in the opposite order, before the data source closes. */
export class EventxLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly end = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private present: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: Log,
    private readonly consumers: ConsumerOrchestrator,
    private readonly retention: RetentionScheduler | null,
    private readonly roles: ReadonlySet<Role>,
  ) {}

  /**
   * Before any log of the application starts: nobody would stop it after an error of another one. In any case, so that a mistake in a
   * decorator shows wherever the code runs.
   */
  onModuleInit(): void {
    this.consumers.mountDeclared();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { logger, description } = this.log;
    if (this.roles.size === 0) return logger.log(describeLog(description, this.roles, []));
    // First, because it may refuse its schedule: then nothing runs that nobody would stop.
    if (this.roles.has('sequence')) await outside(() => this.retention?.start());
    this.running = this.log.runner.run(this.end.signal);
    this.present = this.log.presence?.run(this.end.signal) ?? Promise.resolve();
    if (this.roles.has('consume')) this.consumers.start();
    logger.log(describeLog(description, this.roles, this.consumers.describe()));
  }

  /** User modules' `onModuleDestroy` has run by now, and the data source is still open. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.retention?.stop();
    await this.consumers.stop();
    this.end.abort();
    this.log.runner.close();
    await Promise.all([this.running, this.present]);
    await Promise.all(this.log.senders.map((sender) => sender.close()));
  }

  async onApplicationShutdown(): Promise<void> {
    this.log.outbox?.close();
    await this.log.close();
  }
}
