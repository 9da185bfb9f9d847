import { type Clock, systemClock } from '../../../util/clock.js';
import { busyTimeoutMs, isBusy, setBusyTimeout } from './busy.js';
import type { SqliteConnection, SqliteDriver } from './typeorm-internals.js';

const RETRY_AFTER_MS = 5;

/**
 * Sets a connection up so that an acknowledged commit survives a killed process and a power failure: a write-ahead
 * log that is flushed at every commit. TypeORM sets neither (its `enableWAL` is off by default).
 */
export function makeDurable(
  connection: SqliteConnection,
  driver: SqliteDriver,
  clock: Clock = systemClock,
): void {
  const timeoutMs = busyTimeoutMs(driver);
  setBusyTimeout(connection, timeoutMs);
  if (driver.options.readonly) return;
  useWriteAheadLog(connection, clock, clock.now() + timeoutMs);
  connection.exec('PRAGMA synchronous = FULL');
}

/**
 * When processes that start together switch the journal, SQLite refuses all but one at once, whatever the busy
 * timeout. A moment later the switch has been made. It blocks because an open data source can be set up only so.
 */
function useWriteAheadLog(connection: SqliteConnection, clock: Clock, deadline: number): void {
  for (;;) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || clock.now() >= deadline) throw error;
      block(RETRY_AFTER_MS);
    }
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
