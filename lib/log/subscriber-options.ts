import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import type { BatchLimits } from './batch-limits.js';
import { checkStartFrom, type StartFrom } from './start-from.js';

export interface SubscriberOptions {
  /**
   * The first sequence number to deliver (from 1), `'earliest'`, `'latest'`, or a time, for the events written since. A number ahead of
   * the log waits for it.
   * @default 'latest'
   */
  readonly from?: StartFrom;
  /** Most events of one batch. @default 256 */
  readonly fetchLimit?: number;
  /** Most bytes of one batch; a single larger event is still delivered. @default 2097152 (2 MiB) */
  readonly sizeLimit?: number;
}

export interface ResolvedSubscriberOptions {
  readonly from: StartFrom;
  readonly limits: BatchLimits;
}

/** @throws EventxOptionsError */
export function resolveSubscriberOptions(
  options: SubscriberOptions = {},
): ResolvedSubscriberOptions {
  refuseUnknownOptions('Subscriber options', options, ['from', 'fetchLimit', 'sizeLimit']);
  return {
    from: checkStartFrom('Option "from"', options.from ?? 'latest'),
    limits: {
      count: integerOption('fetchLimit', options.fetchLimit, 256, { max: 100_000 }),
      bytes: integerOption('sizeLimit', options.sizeLimit, 2 * 1024 * 1024),
    },
  };
}
