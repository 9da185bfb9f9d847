import { Logger } from '@nestjs/common';

import {
  type EventxModuleOptions,
  type LogPlace,
  type ResolvedOptions,
  resolveOptions,
} from '../event-log/event-log-options.js';
import type { EventxLogger } from '../util/logger.js';

/** What must be known when the module is declared, and so stands beside the factory. */
export interface EventxModuleExtras extends LogPlace {
  /** Whether other modules get the service without importing this one. @default false */
  readonly isGlobal?: boolean;
  /** Name of a second log in the same application; inject it with `@InjectEventx(name)`. */
  readonly name?: string;
  /** Name of the TypeORM data source that holds the log. @default the default one */
  readonly dataSource?: string;
}

/** All that the application has said of one log. */
export interface LogSettings {
  readonly name: string | undefined;
  readonly options: ResolvedOptions;
  readonly logger: EventxLogger;
}

/** @throws EventxOptionsError */
export function logSettings(
  { name }: EventxModuleExtras,
  options: EventxModuleOptions,
): LogSettings {
  return {
    name,
    options: resolveOptions(options, process.env.NODE_ENV),
    logger: new Logger(name === undefined ? 'Eventx' : `Eventx:${name}`),
  };
}
