import { type Backoff, type BackoffOptions, resolveBackoff } from '../util/backoff.js';
import { booleanOption, integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';

/** What is kept, and when the rest is deleted. */
export interface RetentionOptions {
  /** Most events kept. @default 100000000 (100 million) */
  readonly maxTotalEvents?: number;
  /** Events older than this are deleted, in ms by the database's clock. @default no limit */
  readonly maxAge?: number;
  /** Events deleted by one statement. @default 1000 */
  readonly batchSize?: number;
  /** Time between two runs, in ms; not together with `cron`. @default 60000 (1 minute) */
  readonly interval?: number;
  /** When to run, as a cron expression. Needs the package `cron`, which `@nestjs/schedule` brings. */
  readonly cron?: string;
  /** Whether to delete what registered consumers have not handled yet. They then lose events. @default false */
  readonly ignoreConsumers?: boolean;
  /** Waits between tries after an error. @default { initial: 1000, max: 60000 } */
  readonly errorBackoff?: BackoffOptions;
}

const ERROR_BACKOFF: Backoff = { initial: 1000, max: 60_000 };

export interface ResolvedRetentionOptions {
  readonly maxTotalEvents: number;
  readonly maxAge: number | null;
  readonly batchSize: number;
  readonly schedule: { readonly interval: number } | { readonly cron: string };
  readonly ignoreConsumers: boolean;
  readonly errorBackoff: Backoff;
}

/** @throws EventxOptionsError */
export function resolveRetentionOptions(options: RetentionOptions): ResolvedRetentionOptions {
  refuseUnknownOptions('Option "retention"', options, [
    'maxTotalEvents',
    'maxAge',
    'batchSize',
    'interval',
    'cron',
    'ignoreConsumers',
    'errorBackoff',
  ]);
  const { cron, interval, maxAge } = options;
  if (cron != null && typeof cron !== 'string') {
    throw new EventxOptionsError(
      `Option "retention.cron" must be a cron expression, such as '0 3 * * *', but is ${String(cron)}.`,
    );
  }
  if (cron != null && interval != null) {
    throw new EventxOptionsError(
      'Option "retention": "interval" and "cron" exclude each other; give one of them.',
    );
  }
  return {
    maxTotalEvents: integerOption('retention.maxTotalEvents', options.maxTotalEvents, 100_000_000, {
      min: 0,
    }),
    // Not a default that null would fall back to: everything would be too old.
    maxAge: maxAge == null ? null : integerOption('retention.maxAge', maxAge, Infinity),
    batchSize: integerOption('retention.batchSize', options.batchSize, 1000, { max: 100_000 }),
    schedule:
      cron != null
        ? { cron }
        : { interval: integerOption('retention.interval', interval, 60_000, { max: 2 ** 31 - 1 }) },
    ignoreConsumers: booleanOption('retention.ignoreConsumers', options.ignoreConsumers, false),
    errorBackoff: resolveBackoff('retention.errorBackoff', options.errorBackoff, ERROR_BACKOFF),
  };
}
