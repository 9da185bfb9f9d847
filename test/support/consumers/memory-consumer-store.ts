import type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  Destination,
  EventxStorage,
  Holder,
  Lease,
  NewDeadLetter,
  Placed,
  Position,
  RetentionStorage,
  SequencedEvent,
} from 'nestjs-eventx';

/** What handlers write through: kept when their transaction commits. */
export interface MemoryManager {
  write(text: string): void;
}

interface Entry {
  offset: number;
  uuid: string | null;
  fencingToken: number;
  owner: string | null;
  leaseUntil: number;
  wantedBy: string | null;
  paused: boolean;
  halted: boolean;
  lastError: string | null;
  failingSince: Date | null;
  stuck: ConsumerRecord['stuck'];
  handled: Set<number>;
}

type Log = Pick<EventxStorage<SequencedEvent>, 'readState'> & Pick<RetentionStorage, 'readMinSeq'>;

/** Places of consumers in memory, by the contract that the package exports and nothing else of it. */
export class MemoryConsumerStore implements ConsumerStore<SequencedEvent, MemoryManager> {
  /** What handlers have written. */
  readonly written: string[] = [];
  readonly letters: {
    readonly consumer: string;
    readonly letter: NewDeadLetter<SequencedEvent>;
  }[] = [];
  private readonly entries = new Map<string, Entry>();
  private lastToken = 0;

  constructor(private readonly log: Log) {}

  async register(consumer: string, start: Destination): Promise<Placed> {
    if (await this.isGone(start)) return 'gone';
    if (this.entries.has(consumer)) return 'placed';
    this.entries.set(consumer, {
      offset: start.offset,
      uuid: start.uuid,
      fencingToken: ++this.lastToken,
      owner: null,
      leaseUntil: 0,
      wantedBy: null,
      paused: false,
      halted: false,
      lastError: null,
      failingSince: null,
      stuck: null,
      handled: new Set(),
    });
    return 'placed';
  }

  async records(consumers?: readonly string[]): Promise<readonly ConsumerRecord[]> {
    const { lastSeq } = await this.log.readState();
    return [...this.entries]
      .filter(([name]) => consumers?.includes(name) ?? true)
      .map(([consumer, { handled: _, leaseUntil, ...entry }]) => ({
        ...entry,
        consumer,
        owner: leaseUntil > Date.now() ? entry.owner : null,
        lastOwner: entry.owner,
        lagEvents: lastSeq - entry.offset,
        lagMs: null,
      }));
  }

  acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null> {
    const entry = this.entries.get(consumer);
    if (!entry || entry.paused || entry.halted) return Promise.resolve(null);
    const isOver = entry.leaseUntil <= Date.now();
    const isForMe = entry.owner === null && entry.wantedBy === owner;
    if (entry.owner !== owner && !isOver && !isForMe) return Promise.resolve(null);
    Object.assign(entry, {
      owner,
      fencingToken: ++this.lastToken,
      leaseUntil: Date.now() + leaseMs,
      wantedBy: null,
      lastError: null,
      failingSince: null,
      stuck: null,
    });
    const { fencingToken, offset, uuid } = entry;
    return Promise.resolve({ consumer, owner, fencingToken, offset, uuid });
  }

  holder(consumer: string): Promise<Holder | null> {
    return Promise.resolve(this.entries.get(consumer) ?? null);
  }

  renew(owner: string, consumers: readonly string[], leaseMs: number): Promise<void> {
    for (const name of consumers) {
      const entry = this.entries.get(name);
      if (entry?.owner === owner) entry.leaseUntil = Date.now() + leaseMs;
    }
    return Promise.resolve();
  }

  release(lease: Lease, reservedMs: number): Promise<void> {
    return this.change(lease, (entry) => {
      entry.owner = null;
      entry.stuck = null;
      entry.leaseUntil = entry.wantedBy === null ? 0 : Date.now() + reservedMs;
    });
  }

  requestHandover(consumer: string, owner: string, from: string): Promise<void> {
    const entry = this.entries.get(consumer);
    if (entry?.owner === from) entry.wantedBy ??= owner;
    return Promise.resolve();
  }

  commit(lease: Lease, position: Position): Promise<boolean> {
    const entry = this.valid(lease);
    if (entry) Object.assign(entry, position);
    return Promise.resolve(entry !== null);
  }

  async atomically(
    work: (unit: ConsumerUnit<SequencedEvent, MemoryManager>) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const changes: (() => void)[] = [];
    let leaseOf: Lease | null = null;
    const under = (lease: Lease, change: (entry: Entry) => void): boolean => {
      leaseOf = lease;
      const entry = this.valid(lease);
      if (entry) changes.push(() => change(entry));
      return entry !== null;
    };
    const unit: ConsumerUnit<SequencedEvent, MemoryManager> = {
      manager: { write: (text) => void changes.push(() => this.written.push(text)) },
      moveTo: (lease, { offset, uuid }) =>
        Promise.resolve(under(lease, (entry) => void Object.assign(entry, { offset, uuid }))),
      markHandled: (lease, seq) => {
        if (this.valid(lease)?.handled.has(seq)) return Promise.resolve(false);
        return Promise.resolve(under(lease, ({ handled }) => void handled.add(seq)));
      },
      park: (lease, letters) => {
        const { consumer } = lease;
        under(lease, () => this.letters.push(...letters.map((letter) => ({ consumer, letter }))));
        return Promise.resolve();
      },
      isBlocked: async ({ consumer }, key) => (await this.blockedKeys(consumer)).includes(key),
    };
    const aborted = new Promise<false>((resolve) =>
      signal.addEventListener('abort', () => resolve(false), { once: true }),
    );
    if (signal.aborted || !(await Promise.race([work(unit), aborted]))) return false;
    // Nothing comes in between from here on.
    if (leaseOf && !this.valid(leaseOf)) return false;
    for (const change of changes) change();
    return true;
  }

  forgetHandled(lease: Lease, upTo: number): Promise<void> {
    return this.change(lease, ({ handled }) => {
      for (const seq of handled) if (seq <= upTo) handled.delete(seq);
    });
  }

  handledAhead(lease: Lease): Promise<readonly number[]> {
    const { handled, offset } = this.entries.get(lease.consumer)!;
    return Promise.resolve([...handled].filter((seq) => seq > offset));
  }

  blockedKeys(consumer: string): Promise<readonly string[]> {
    const keys = this.letters
      .filter((parked) => parked.consumer === consumer)
      .map(({ letter }) => (letter.event as { key?: string | null }).key);
    return Promise.resolve(keys.filter((key) => typeof key === 'string'));
  }

  report(lease: Lease, error: string | null): Promise<void> {
    return this.change(lease, (entry) => {
      entry.lastError = error;
      entry.failingSince = error === null ? null : (entry.failingSince ?? new Date());
    });
  }

  reportStuck(
    lease: Lease,
    call: { readonly at: string; readonly forMs: number } | null,
  ): Promise<void> {
    return this.change(lease, (entry) => {
      entry.stuck = call && { at: call.at, since: new Date(Date.now() - call.forMs) };
    });
  }

  halt(lease: Lease, error: string): Promise<void> {
    return this.change(lease, (entry) => {
      entry.halted = true;
      entry.lastError = error;
    });
  }

  setPaused(consumer: string, paused: boolean): Promise<boolean> {
    const entry = this.entries.get(consumer);
    if (entry) entry.paused = paused;
    if (entry && !paused) entry.halted = false;
    return Promise.resolve(entry !== undefined);
  }

  async seek(consumer: string, to: Destination, lease?: Lease): Promise<Placed> {
    if (await this.isGone(to)) return 'gone';
    const entry = lease ? this.valid(lease) : this.entries.get(consumer);
    if (!entry) return 'unknown';
    const { offset, uuid } = to;
    Object.assign(entry, { offset, uuid, fencingToken: ++this.lastToken, owner: null });
    entry.leaseUntil = 0;
    entry.handled.clear();
    return 'placed';
  }

  remove(consumer: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(consumer));
  }

  private async isGone({ offset, evenIfGone = false }: Destination): Promise<boolean> {
    const { lastSeq } = await this.log.readState();
    const first = (await this.log.readMinSeq()) ?? lastSeq + 1;
    return !evenIfGone && first > offset + 1;
  }

  private valid({ consumer, owner, fencingToken }: Lease): Entry | null {
    const entry = this.entries.get(consumer);
    return entry?.owner === owner && entry.fencingToken === fencingToken ? entry : null;
  }

  private change(lease: Lease, change: (entry: Entry) => void): Promise<void> {
    const entry = this.valid(lease);
    if (entry) change(entry);
    return Promise.resolve();
  }
}
