import type { DataSource } from 'typeorm';

import type { SequencedEvent } from '../event/event.js';
import type { EventxEvent } from '../event/eventx-event.js';
import type { EventxLogger } from '../util/logger.js';
import { EventLog } from './event-log.js';
import { type EventxModuleOptions, type LogPlace, resolveOptions } from './event-log-options.js';

/** For who gives no logger. Details stay unsaid. */
const consoleLogger: EventxLogger = {
  log: (message) => console.log(`[Eventx] ${message}`),
  warn: (message) => console.warn(`[Eventx] ${message}`),
  error: (message) => console.error(`[Eventx] ${message}`),
};

/** Options of a log outside of Nest. */
export interface EventLogOptions extends EventxModuleOptions, LogPlace {
  /** Where it says what people should know. @default the console */
  readonly logger?: EventxLogger;
}

/**
 * Opens the log in the database of a data source that is initialized, and runs what the option `run` says, without Nest. Close it before
 * the data source.
 * @param dataSource not needed where the options have a storage of the application's own
 * @throws EventxSchemaError, EventxOptionsError, StorageTimeoutError
 *
 * @example
 * const log = await openEventLog(dataSource);
 * log.consumer({ name: 'mailer', types: 'order.placed', handle: (event) => send(event.data) });
 * await dataSource.transaction((manager) => log.publish(manager, { type: 'order.placed', data: { id: 7 } }));
 */
export async function openEventLog<E extends SequencedEvent = EventxEvent>(
  dataSource: DataSource | undefined,
  { logger = consoleLogger, tables, entity, ...options }: EventLogOptions = {},
): Promise<EventLog<E>> {
  const resolved = resolveOptions(options, process.env.NODE_ENV);
  const log = await EventLog.open<E>(dataSource, resolved, { tables, entity }, { logger });
  try {
    await log.start();
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
}
