import type { EventxModuleOptions } from 'nestjs-eventx';
import type { DataSource } from 'typeorm';

import { type LogPlace, resolveOptions } from '../../lib/event-log/event-log-options.js';
import { type DatabaseLog, openInDatabase } from '../../lib/event-log/open-in-database.js';
import type { EventxLogger } from '../../lib/util/logger.js';
import { silentLogger } from './silent-logger.js';

/** Opens what of a log lies in the database, without anything that runs. */
export function openDatabaseLog(
  dataSource: DataSource,
  options: EventxModuleOptions & LogPlace = {},
  logger: EventxLogger = silentLogger,
): Promise<DatabaseLog> {
  const { tables, entity, ...others } = options;
  const resolved = resolveOptions({ migrate: true, connections: 2, ...others }, 'test');
  return openInDatabase(dataSource, { ...resolved, tables, entity }, logger);
}
