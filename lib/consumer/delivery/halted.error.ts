import { EventxError } from '../../errors.js';

/** A consumer stopped for good, by its policy; the message says why and how to go on. */
export class ConsumerHaltedError extends EventxError {
  readonly code = 'EVENTX_CONSUMER_HALTED';
}
