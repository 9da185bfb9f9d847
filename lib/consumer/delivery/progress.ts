import { abortable } from '../../util/abortable.js';
import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerUnit } from '../../storage/index.js';
import { type ConsumerRun, leaseLost, positionOf } from './consumer-run.js';

/** How it is kept that events are done with: by the offset, or, with lanes, one by one ahead of it. */
export interface Progress<E extends SequencedEvent, M> {
  /** In the transaction of a transactional handler. @returns false when the lease is lost */
  record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean>;
  /** In the transaction that parks an event. @returns false when the lease is lost */
  recordParked(unit: ConsumerUnit<E, M>, event: E): Promise<boolean>;
  /** After handlers without a transaction. @throws LeaseLostError */
  advance(events: readonly E[]): Promise<void>;
  /** After a transaction that recorded them has committed. */
  committed(events: readonly E[]): void;
}

/** Events are done in order: the offset says it all. */
export class OffsetProgress<E extends SequencedEvent, M> implements Progress<E, M> {
  constructor(private readonly run: ConsumerRun<E, M>) {}

  record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean> {
    return unit.moveTo(this.run.lease, positionOf(events.at(-1)!));
  }

  recordParked(unit: ConsumerUnit<E, M>, event: E): Promise<boolean> {
    return unit.moveTo(this.run.lease, positionOf(event));
  }

  async advance(events: readonly E[]): Promise<void> {
    const { store, lease, abort } = this.run;
    // An offset of the application's own may take for ever.
    const commit = store.commit(lease, positionOf(events.at(-1)!));
    if (!(await abortable(commit, abort))) throw leaseLost(lease);
    this.committed(events);
  }

  /** The offset has moved. */
  committed(events: readonly E[]): void {
    this.run.place.seq = events.at(-1)!.seq;
  }
}
