import type { Clock } from '../../util/clock.js';
import { envelopeOf } from '../../event/envelope-of.js';
import { LeaseLostError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import type { EventxLogger } from '../../util/logger.js';
import type { ConsumerStore, Lease, Position } from '../../storage/index.js';
import type { CallsUnderWay } from './calls-under-way.js';
import type { Consumer } from '../definition/consumer.js';

/** What the parts of one run of a consumer share: who it is, what it may do, and until when. */
export interface ConsumerRun<E extends SequencedEvent, M> {
  readonly consumer: Consumer<E, M>;
  readonly lease: Lease;
  readonly store: ConsumerStore<E, M>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: EventxLogger;
  /** Where it is: moves on with the offset. */
  readonly place: { seq: number };
  readonly underWay: CallsUnderWay;
  /** Begin nothing new. */
  readonly stop: AbortSignal;
  /** Break off what is under way: nothing of it counts any more. */
  readonly abort: AbortSignal;
}

/** The place behind an event. */
export function positionOf(event: SequencedEvent): Position {
  return { offset: event.seq, uuid: envelopeOf(event).uuid };
}

/** For when a write named a lease that is not valid any more. */
export function leaseLost({ consumer, fencingToken }: Lease): LeaseLostError {
  return new LeaseLostError(
    `Consumer "${consumer}": this process does not have it any more (fencing token ${fencingToken}). Another process took it over, or its ` +
      `offset was moved by hand. What was under way did not count here.`,
  );
}
