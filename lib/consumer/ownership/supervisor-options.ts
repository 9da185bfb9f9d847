import { integerOption, refuseUnknownOptions } from '../../util/checks.js';
import { LONGEST_TIMER } from '../definition/consumer-options.js';

/** How the consumers of one process are kept. */
export interface ConsumerProcessOptions {
  /** How long a consumer whose process died stays with it, in ms. Renewed four times as often. @default 5000 */
  readonly lease?: number;
  /** How long handlers may go on at shutdown, or when their consumer is closed, before they are broken off, in ms. @default 5000 */
  readonly shutdownTimeout?: number;
  /**
   * How long one call of a handler may take until it is spoken of, in ms: in the log, again and again, and in what `consumers.list()`
   * and the doctor say. It is not ended by that; see the option `timeout` of consumers. @default 30000
   */
  readonly slowHandler?: number;
}

export type ResolvedConsumerProcessOptions = Required<ConsumerProcessOptions>;

/** @throws EventxOptionsError */
export function resolveConsumerProcessOptions(
  options: ConsumerProcessOptions = {},
): ResolvedConsumerProcessOptions {
  refuseUnknownOptions('Option "consumers"', options, ['lease', 'shutdownTimeout', 'slowHandler']);
  return {
    lease: integerOption('consumers.lease', options.lease, 5000, { min: 400, max: 3_600_000 }),
    shutdownTimeout: integerOption('consumers.shutdownTimeout', options.shutdownTimeout, 5000, {
      min: 0,
      max: LONGEST_TIMER,
    }),
    slowHandler: integerOption('consumers.slowHandler', options.slowHandler, 30_000, {
      max: LONGEST_TIMER,
    }),
  };
}
