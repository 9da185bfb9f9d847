import { envelopeOf } from '../../event/envelope-of.js';
import { LeaseLostError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerStore, Lease, Position } from '../../storage/index.js';
import type { ConsumerProcess } from '../consumer-process.js';
import type { Consumer } from '../definition/consumer.js';
import type { CallsUnderWay } from './calls-under-way.js';

/** One run of a consumer: who it is, what it may do, and until when. All of its parts share it. */
export interface ConsumerRun<E extends SequencedEvent, M> extends Pick<
  ConsumerProcess<E>,
  'log' | 'logger' | 'clock' | 'random'
> {
  readonly consumer: Consumer<E, M>;
  readonly store: ConsumerStore<E, M>;
  readonly lease: Lease;
  /** Where it is. */
  readonly place: { offset: number };
  readonly calls: CallsUnderWay;
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
