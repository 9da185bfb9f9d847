import { monotonicMs } from '../../../support/monotonic.js';
import type { Span } from '../overlaps.js';

/** Does the work of a handler. @param tell given the time it took; when the signal told it to end, up to then */
export async function timed(
  work: () => Promise<void>,
  signal: AbortSignal,
  tell: (span: Span) => void,
): Promise<void> {
  const begun = monotonicMs();
  let toldToEnd: number | undefined;
  const onAbort = () => (toldToEnd = monotonicMs());
  signal.addEventListener('abort', onAbort);
  try {
    await work();
  } finally {
    signal.removeEventListener('abort', onAbort);
    tell({ begun, ended: toldToEnd ?? monotonicMs() });
  }
}
