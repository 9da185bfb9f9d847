import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import { quoted } from '../../util/quoted.js';

/** Which handler is at which event, for messages. */
export interface HandlerCallInfo {
  /** The handler's name. */
  readonly handler: string;
  /** The event, or the first of a batch. */
  readonly event: SequencedEvent;
  /** How many events it was given. */
  readonly count: number;
  readonly attempt: number;
}

/** E.g. `handler Mailer.onOrder, seq 42 (id 57, type "order.placed"), attempt 3`. Nothing of the payload. */
export function describeCall({ handler, event, count, attempt }: HandlerCallInfo): string {
  const { type } = envelopeOf(event);
  const more = count > 1 ? ` and ${count - 1} more` : '';
  const typed = type === null ? '' : `, type ${quoted(type)}`;
  return `handler ${handler}, seq ${event.seq} (id ${event.id}${typed})${more}, attempt ${attempt}`;
}
