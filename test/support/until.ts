import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 5;

export interface UntilOptions {
  /** What is waited for; it goes into the error message. */
  what: string;
  /** @default 30000 */
  timeoutMs?: number;
}

/**
 * Waits until the condition returns something truthy, and returns that. A condition that throws is
 * asked again, because "not yet" often is an error (no connection, no row); the last error is the
 * `cause` when the time is up.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 30_000 }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`, { cause: last });
    }
    await delay(POLL_MS);
  }
}
