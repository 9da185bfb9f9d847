import { type Backoff, type BackoffOptions, resolveBackoff } from '../util/backoff.js';
import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { BatchSizes } from './batch-size.js';
import type { RecentEventsLimits } from './recent-events.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** How one process follows and numbers the log. */
export interface RunnerOptions {
  /** Whether this process numbers events; else it only follows what others number. @default true */
  readonly sequence?: boolean;
  /** How often to look for events that no signal announced, in ms. @default 1000 */
  readonly pollInterval?: number;
  /** Waits between tries after an error. @default { initial: 100, max: 5000 } */
  readonly errorBackoff?: BackoffOptions;
  /** Events numbered in one transaction when there is no backlog. @default 256 */
  readonly batchSize?: number;
  /** What a backlog lets the batch grow to. @default 1024 */
  readonly maxBatchSize?: number;
  /** Bytes of payload that one batch aims to stay below, in memory and on the wire. @default 4194304 (4 MiB) */
  readonly batchBytes?: number;
  /** Newest events kept in memory for subscribers. @default 4096 */
  readonly windowSize?: number;
  /** Most bytes of events kept in memory; what was numbered last is kept regardless. @default 33554432 (32 MiB) */
  readonly windowBytes?: number;
  /** Events read into memory at the start. @default 256 */
  readonly initialWindow?: number;
}

export interface ResolvedRunnerOptions {
  readonly sequence: boolean;
  readonly pollInterval: number;
  readonly errorBackoff: Backoff;
  readonly batch: BatchSizes;
  readonly window: RecentEventsLimits;
  readonly initialWindow: number;
}

export const RUNNER_OPTION_NAMES = [
  'sequence',
  'pollInterval',
  'errorBackoff',
  'batchSize',
  'maxBatchSize',
  'batchBytes',
  'windowSize',
  'windowBytes',
  'initialWindow',
] as const satisfies readonly (keyof RunnerOptions)[];

/** Fills and checks; the rest of the code trusts the result. @throws EventxOptionsError */
export function resolveRunnerOptions(options: RunnerOptions = {}): ResolvedRunnerOptions {
  refuseUnknownOptions('Runner options', options, RUNNER_OPTION_NAMES);
  const base = integerOption('batchSize', options.batchSize, 256, { max: 65_536 });
  const largest = integerOption('maxBatchSize', options.maxBatchSize, Math.max(1024, base), {
    max: 65_536,
  });
  if (largest < base) {
    throw new EventxOptionsError(
      `Option "maxBatchSize" (${largest}) must not be smaller than "batchSize" (${base}).`,
    );
  }
  const count = integerOption('windowSize', options.windowSize, 4096);
  return {
    sequence: options.sequence ?? true,
    pollInterval: integerOption('pollInterval', options.pollInterval, 1000, { max: 3_600_000 }),
    errorBackoff: resolveBackoff('errorBackoff', options.errorBackoff),
    batch: {
      base,
      largest,
      bytes: integerOption('batchBytes', options.batchBytes, 4 * MiB, { min: KiB }),
    },
    window: {
      count,
      bytes: integerOption('windowBytes', options.windowBytes, 32 * MiB, { min: KiB }),
    },
    initialWindow: integerOption('initialWindow', options.initialWindow, Math.min(256, count), {
      min: 0,
      max: count,
    }),
  };
}
