import type { EventxLogger } from '../util/logger.js';

/** For logs outside of Nest that were given no logger. Details stay unsaid. */
export const consoleLogger: EventxLogger = {
  log: (message) => console.log(`[Eventx] ${message}`),
  warn: (message) => console.warn(`[Eventx] ${message}`),
  error: (message) => console.error(`[Eventx] ${message}`),
};
