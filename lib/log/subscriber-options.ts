import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { BatchLimits } from './batch-limits.js';

/** Where a subscriber begins: a sequence number, the oldest event the log has, or only what comes from now on. */
export type StartPosition = number | 'earliest' | 'latest';

export interface SubscriberOptions {
  /**
   * The first sequence number to deliver (from 1), `'earliest'` or `'latest'`. A number ahead of the log waits for it.
   * @default 'latest'
   */
  readonly from?: StartPosition;
  /** Most events of one batch. @default 256 */
  readonly fetchLimit?: number;
  /** Most bytes of one batch; a single larger event is still delivered (Go: `WithSubscriberSizeLimit`). @default 2097152 (2 MiB) */
  readonly sizeLimit?: number;
}

export interface ResolvedSubscriberOptions {
  readonly from: StartPosition;
  readonly limits: BatchLimits;
}

/** @throws EventxOptionsError */
export function resolveSubscriberOptions(
  options: SubscriberOptions = {},
): ResolvedSubscriberOptions {
  refuseUnknownOptions('Subscriber options', options, ['from', 'fetchLimit', 'sizeLimit']);
  return {
    from: startPosition(options.from),
    limits: {
      count: integerOption('fetchLimit', options.fetchLimit, 256, { max: 100_000 }),
      bytes: integerOption('sizeLimit', options.sizeLimit, 2 * 1024 * 1024),
    },
  };
}

function startPosition(from: StartPosition = 'latest'): StartPosition {
  if (from === 'earliest' || from === 'latest') return from;
  if (Number.isSafeInteger(from) && from >= 1) return from;
  throw new EventxOptionsError(
    `Option "from" must be 'earliest', 'latest' or a sequence number of at least 1, but is ${String(from)}.`,
  );
}
