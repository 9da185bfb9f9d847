// The log without Nest. Whoever uses Nest imports 'nestjs-eventx', which has all of it.
export { openEventLog, type EventLogOptions } from './event-log/open-event-log.js';
export type { EventLog } from './event-log/event-log.js';
