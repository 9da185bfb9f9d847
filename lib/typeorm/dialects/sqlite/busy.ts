import { type Clock, systemClock } from '../../../util/clock.js';
import type { SqliteConnection, SqliteDriver } from './typeorm-internals.js';

const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
const LONGEST_PAUSE_MS = 10;

/** How long a statement waits for a writer in another process, in milliseconds: TypeORM's `timeout` option. */
export function busyTimeoutMs(driver: SqliteDriver): number {
  return driver.options.timeout ?? DEFAULT_BUSY_TIMEOUT_MS;
}

/**
 * Waits until no other process writes to the database, without blocking this one.
 *
 * SQLite's own busy timeout sleeps inside of the call: the whole process would stand still, for seconds, while
 * another one has a transaction open. It stays on for the moment between this check and the statement.
 *
 * @returns false if they were still writing after `timeoutMs`
 */
export async function waitForOtherProcesses(
  connection: SqliteConnection,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<boolean> {
  const deadline = clock.now() + timeoutMs;
  for (let pauseMs = 1; othersWrite(connection, timeoutMs); pauseMs *= 2) {
    if (clock.now() >= deadline) return false;
    // With some jitter, or two processes that alternate would keep meeting.
    const ms = Math.min(pauseMs, LONGEST_PAUSE_MS) * (0.5 + Math.random());
    await new Promise<void>((resolve) => clock.after(ms, resolve));
  }
  return true;
}

/** Whether SQLite refused a statement because another connection holds the database. */
export function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_BUSY');
}

export function setBusyTimeout(connection: SqliteConnection, timeoutMs: number): void {
  connection.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
}

function othersWrite(connection: SqliteConnection, timeoutMs: number): boolean {
  if (!connection.open) return false;
  setBusyTimeout(connection, 0);
  try {
    connection.exec('BEGIN IMMEDIATE');
    connection.exec('ROLLBACK');
    return false;
  } catch (error) {
    // Any other error is for the statement itself to report.
    return isBusy(error);
  } finally {
    setBusyTimeout(connection, timeoutMs);
  }
}
