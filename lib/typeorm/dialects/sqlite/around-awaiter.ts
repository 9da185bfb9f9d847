/**
 * Calls `before` and `after` around the code that awaits `promise`, up to that code's next await.
 *
 * Reactions to a promise run one after the other in the order they were added: one that is added before the caller can
 * await, the caller's, and one that is added after it. Only for a promise that is handed to the caller itself, at once:
 * an async function would wrap it into another.
 */
export function aroundAwaiter<T>(
  promise: Promise<T>,
  before: () => void,
  after: () => void,
): Promise<T> {
  void promise.then(before, after);
  queueMicrotask(() => void promise.then(after, after));
  return promise;
}
