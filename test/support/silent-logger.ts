import type { EventxLogger } from '../../lib/util/logger.js';

/** For tests that cause errors on purpose. */
export const silentLogger: EventxLogger = {
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
