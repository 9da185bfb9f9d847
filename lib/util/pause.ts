import type { Clock } from './clock.js';

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/** Whether `work` settles within `ms`. It goes on in any case; its failure is its owner's business. */
export async function settlesWithin(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
): Promise<boolean> {
  const settled = new AbortController();
  const done = () => settled.abort();
  void work.then(done, done);
  await pause(ms, clock, settled.signal);
  return settled.signal.aborted;
}
