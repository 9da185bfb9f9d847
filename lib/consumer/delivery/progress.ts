import { abortable } from '../../util/abortable.js';
import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerUnit } from '../../storage/index.js';
import { type ConsumerRun, leaseLost, positionOf } from './consumer-run.js';

/** How it is kept that events are done with: by the offset, or one by one ahead of it. */
export interface Progress<E extends SequencedEvent, M> {
  /** In the transaction that handles or parks them. @returns false when the lease is lost */
  record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean>;
  /** After the transaction that recorded them has committed. */
  committed(events: readonly E[]): void;
  /** After handlers without a transaction. @throws LeaseLostError */
  advance(events: readonly E[]): Promise<void>;
}

/** Events are done in order: the offset says it all. */
export class OffsetProgress<E extends SequencedEvent, M> implements Progress<E, M> {
  constructor(private readonly run: ConsumerRun<E, M>) {}

  record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean> {
    return unit.moveTo(this.run.lease, positionOf(events.at(-1)!));
  }

  committed(events: readonly E[]): void {
    this.run.place.offset = events.at(-1)!.seq;
  }

  async advance(events: readonly E[]): Promise<void> {
    const { store, lease, abort } = this.run;
    // An offset of the application's own may take for ever.
    const commit = store.commit(lease, positionOf(events.at(-1)!));
    if (!(await abortable(commit, abort))) throw leaseLost(lease);
    this.committed(events);
  }
}

/** Events are done in any order: each is marked, in its transaction if it has one, and the offset follows by itself. */
export class MarkProgress<E extends SequencedEvent, M> implements Progress<E, M> {
  constructor(
    private readonly run: ConsumerRun<E, M>,
    private readonly onHandled: (event: E) => void,
  ) {}

  async record(unit: ConsumerUnit<E, M>, events: readonly E[]): Promise<boolean> {
    for (const { seq } of events) {
      if (!(await unit.markHandled(this.run.lease, seq))) return false;
    }
    return true;
  }

  committed(events: readonly E[]): void {
    events.forEach(this.onHandled);
  }

  advance(events: readonly E[]): Promise<void> {
    this.committed(events);
    return Promise.resolve();
  }
}
