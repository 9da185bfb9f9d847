import type { InMemoryEvent } from 'nestjs-eventx/testing';

import {
  CustomOffsetStore,
  memoryOffsets,
} from '../../../lib/consumer/ownership/custom-offsets.js';
import type {
  ConsumerRecord,
  EventxStorage,
  Holder,
  Lease,
  Position,
} from '../../../lib/storage/index.js';
import type { Gate } from './gate.js';

type E = InMemoryEvent<number>;

/** One consumer in memory under a lease that can run out and be lost, with answers that a test can hold up or falsify. */
export class LeasedStore extends CustomOffsetStore<E> {
  acquiring: Gate | null = null;
  renewing: Gate | null = null;
  acquired = 0;
  renewed = 0;
  looks = 0;
  /** Who has it, when it is not whom it was given to. */
  thief: string | null = null;
  /** What plain reads say, as a replica does that is behind. */
  stale: Partial<ConsumerRecord> | null = null;

  constructor(consumer: string, log: Pick<EventxStorage<E>, 'readState'>) {
    super(consumer, memoryOffsets(), log);
  }

  override async acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null> {
    const lease = await super.acquire(consumer, owner, leaseMs);
    this.acquired++;
    await this.acquiring?.pass();
    return lease && { ...lease, endless: false };
  }

  override async renew(): Promise<void> {
    this.renewed++;
    await this.renewing?.pass();
  }

  override async records(): Promise<readonly ConsumerRecord[]> {
    const records = await super.records();
    this.looks++;
    return records.map((record) => ({ ...record, ...this.stale }));
  }

  override async holder(): Promise<Holder> {
    const holder = await super.holder();
    return this.thief ? { owner: this.thief, fencingToken: holder.fencingToken + 1 } : holder;
  }

  override commit(lease: Lease, position: Position): Promise<boolean> {
    return this.thief ? Promise.resolve(false) : super.commit(lease, position);
  }
}
