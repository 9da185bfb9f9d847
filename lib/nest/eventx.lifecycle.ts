import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';

import type { EventLog } from '../event-log/event-log.js';
import { memoryOffsets } from '../consumer/ownership/custom-offsets.js';
import { declaredConsumers } from './declared-consumers.js';
import type { HandlerExplorer } from './handler.explorer.js';
import type { LogSettings } from './log-settings.js';

/** Starts a log when the application is up, with the handlers that its classes declare, and stops it before the data source closes. */
export class EventxLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly log: EventLog,
    private readonly explorer: HandlerExplorer,
    private readonly settings: LogSettings,
  ) {}

  /**
   * Before any log of the application starts: nobody would stop it after an error of another one. In any case, so that a mistake in a
   * decorator shows wherever the code runs.
   */
  onModuleInit(): void {
    const found = declaredConsumers(this.explorer.find(), this.settings.name);
    for (const { definition, described, broadcast } of found) {
      this.log.local.add(definition, broadcast ? memoryOffsets() : undefined, described);
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.log.start();
    if (this.settings.options.roles.has('consume')) this.warnOfOrphans();
  }

  /** User modules' `onModuleDestroy` has run by now, and the data source is still open. */
  beforeApplicationShutdown(): Promise<void> {
    return this.log.stop();
  }

  onApplicationShutdown(): Promise<void> {
    return this.log.close();
  }

  /** Handlers that nobody will ever call. */
  private warnOfOrphans(): void {
    const orphans = this.explorer.orphans();
    if (orphans.length === 0) return;
    this.settings.logger.warn(
      `No module of this application provides ${orphans.join(', ')}: what is decorated with @OnEventx there gets no events here. ` +
        'Add the class to the providers of a module that is imported, unless another service runs it.',
    );
  }
}
