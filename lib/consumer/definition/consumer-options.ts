import { type Backoff, type BackoffOptions, resolveBackoff } from '../../util/backoff.js';
import {
  booleanOption,
  integerOption,
  optionName,
  refuseUnknownOptions,
} from '../../util/checks.js';
import { EventxOptionsError } from '../../errors.js';
import type { BatchLimits } from '../../log/batch-limits.js';
import { checkStartFrom, type StartFrom } from '../../log/start-from.js';
import type { AfterRetries, RetryPolicy } from './retry-policy.js';

/** Where a consumer goes on whose place in the log is gone; `'halt'` stops it until somebody decides. */
export type LostPositionPolicy = 'halt' | 'earliest' | 'latest';

/**
 * When an event is tried again that a handler failed on. Not about errors of the database under the consumer itself: after those it goes
 * on by itself, however often, and the attempts count from 1 again.
 */
export interface RetryOptions {
  /**
   * How often an event is tried in all; must be said where `afterRetries` parks. A failed call with several events counts for none of
   * them: each is then tried alone.
   * @default Infinity
   */
  readonly attempts?: number;
  /** Waits between the attempts. @default { initial: 100, max: 30000 } */
  readonly backoff?: BackoffOptions;
  /**
   * Which errors are worth another attempt; answers at once. It is not asked about `NonRetryableError` and `EventDecodeError` (a payload
   * that cannot be read, or does not fit its schema): another attempt would end the same, so there is none.
   * @default all others
   */
  readonly retryIf?: (error: unknown) => boolean;
}

const RETRY_BACKOFF: Backoff = { initial: 100, max: 30_000 };

/** What a timer of Node takes, in ms; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** How a consumer works; the same for all of its handlers. */
export interface ConsumerOptions {
  /** Where it begins when it is new. Looked up and stored once, at the first start. @default 'latest' */
  readonly startFrom?: StartFrom;
  /**
   * Whether what handlers write through `context.manager` commits together with the offset: exactly once, in effect. Otherwise
   * the offset follows the handler, and after a crash the last events come again.
   * @default false
   */
  readonly transactional?: boolean;
  /** Whether handlers get arrays of events. @default false */
  readonly batch?: boolean;
  /** Events handled at the same time; those of one key stay in order, those without a key have none. @default 1 */
  readonly concurrency?: number;
  /** Most events fetched, or given to a batch handler, at once. @default 256 */
  readonly fetchLimit?: number;
  /** Most bytes of them; a single larger event still comes. @default 2097152 (2 MiB) */
  readonly sizeLimit?: number;
  /** Time limit of one call of a handler, in ms; 0 is none. @default 0 */
  readonly timeout?: number;
  readonly retry?: RetryOptions;
  /**
   * What happens when the attempts are used up, or an error is not worth another. `'halt'`: the consumer stops until it is resumed. `'park'`: the event goes to the
   * dead letters and the consumer goes on. `'park-key'`: later events of its key are parked behind it, in order.
   * @default 'halt'
   */
  readonly afterRetries?: AfterRetries;
  /** When the log moved back or was replaced. @default 'halt' */
  readonly onTruncated?: LostPositionPolicy;
  /** When retention has deleted events it had not handled. @default 'halt' */
  readonly onLost?: LostPositionPolicy;
}

export interface ResolvedConsumerOptions {
  readonly startFrom: StartFrom;
  readonly transactional: boolean;
  readonly batch: boolean;
  readonly concurrency: number;
  readonly limits: BatchLimits;
  readonly timeout: number;
  readonly retry: RetryPolicy;
  readonly onTruncated: LostPositionPolicy;
  readonly onLost: LostPositionPolicy;
}

export const CONSUMER_OPTION_NAMES = [
  'startFrom',
  'transactional',
  'batch',
  'concurrency',
  'fetchLimit',
  'sizeLimit',
  'timeout',
  'retry',
  'afterRetries',
  'onTruncated',
  'onLost',
] as const satisfies readonly (keyof ConsumerOptions)[];

/** @throws EventxOptionsError that names the consumer and says which option is wrong */
export function resolveConsumerOptions(
  consumer: string,
  options: ConsumerOptions = {},
): ResolvedConsumerOptions {
  const where = `Consumer "${consumer}"`;
  refuseUnknownOptions(where, options, CONSUMER_OPTION_NAMES);
  const batch = booleanOption('batch', options.batch, false, { where });
  const concurrency = integerOption('concurrency', options.concurrency, 1, { max: 1000, where });
  if (batch && concurrency > 1) {
    throw new EventxOptionsError(
      `${where}: "batch" and "concurrency" exclude each other. A batch handler may work in parallel by itself.`,
    );
  }
  return {
    startFrom: checkStartFrom(optionName('startFrom', where), options.startFrom ?? 'latest'),
    transactional: booleanOption('transactional', options.transactional, false, { where }),
    batch,
    concurrency,
    limits: {
      count: integerOption('fetchLimit', options.fetchLimit, 256, { max: 100_000, where }),
      bytes: integerOption('sizeLimit', options.sizeLimit, 2 * 1024 * 1024, { where }),
    },
    timeout: integerOption('timeout', options.timeout, 0, { min: 0, max: LONGEST_TIMER, where }),
    retry: resolveRetry(where, options),
    onTruncated: oneOf('onTruncated', options.onTruncated, ['halt', 'earliest', 'latest'], where),
    onLost: oneOf('onLost', options.onLost, ['halt', 'earliest', 'latest'], where),
  };
}

function resolveRetry(where: string, options: ConsumerOptions): RetryPolicy {
  const retry = options.retry ?? {};
  refuseUnknownOptions(`${where}, retry`, retry, ['attempts', 'backoff', 'retryIf']);
  const attempts = retry.attempts ?? undefined;
  const afterRetries = oneOf(
    'afterRetries',
    options.afterRetries,
    ['halt', 'park', 'park-key'],
    where,
  );
  if (afterRetries !== 'halt' && attempts === undefined) {
    throw new EventxOptionsError(
      `${where}: afterRetries '${afterRetries}' needs "retry.attempts", such as retry: { attempts: 5 }. Without it an event is tried ` +
        `for ever and never parked, unless its handler throws a NonRetryableError. If that is meant: retry: { attempts: Infinity }.`,
    );
  }
  return {
    attempts:
      attempts === undefined || attempts === Infinity
        ? Infinity
        : integerOption('retry.attempts', attempts, Infinity, { where }),
    backoff: resolveBackoff('retry.backoff', retry.backoff ?? {}, RETRY_BACKOFF, { where }),
    retryIf: checkRetryIf(where, retry.retryIf ?? (() => true)),
    afterRetries,
  };
}

/** An async one would always seem to say yes: its answer is a promise. */
function checkRetryIf(where: string, retryIf: RetryPolicy['retryIf']): RetryPolicy['retryIf'] {
  if (typeof retryIf === 'function' && retryIf.constructor.name !== 'AsyncFunction') return retryIf;
  const is = typeof retryIf === 'function' ? 'async' : `of type ${typeof retryIf}`;
  throw new EventxOptionsError(
    `${optionName('retry.retryIf', where)} must be a function that answers true or false at once, but is ${is}.`,
  );
}

const NAME = /^[\w.:@/-]{1,128}$/;

/** Whether a consumer can have this name. */
export function isConsumerName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

/** @throws EventxOptionsError when a consumer cannot have this name */
export function checkConsumerName(name: unknown): string {
  if (isConsumerName(name)) return name;
  throw new EventxOptionsError(
    `A consumer needs a name of 1 to 128 letters, digits or . _ : @ / -, but got ${JSON.stringify(name)}. ` +
      `The name keeps its place in the log: choose one that lasts.`,
  );
}

/** The first choice is the default. */
function oneOf<T extends string>(
  name: string,
  value: T | undefined,
  choices: readonly T[],
  where: string,
): T {
  const chosen = value ?? choices[0]!;
  if (choices.includes(chosen)) return chosen;
  throw new EventxOptionsError(
    `${optionName(name, where)} must be ${choices.map((choice) => `'${choice}'`).join(' or ')}, but is ${JSON.stringify(value)}.`,
  );
}
