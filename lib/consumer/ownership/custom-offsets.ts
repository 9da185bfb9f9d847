import { EventxOptionsError, EventxUsageError } from '../../errors.js';
import type { SequencedEvent } from '../../event/event.js';
import { InTurn } from '../../util/in-turn.js';
import { toSafeInteger } from '../../util/safe-integer.js';
import type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  EventxStorage,
  Holder,
  Destination,
  Lease,
  OffsetNotes,
  Placed,
  Position,
  StuckHandler,
} from '../../storage/index.js';
import type { ResolvedConsumerOptions } from '../definition/consumer-options.js';

/**
 * An offset that the application keeps itself, e.g. beside what its handlers write. A log in a database notes under the consumer's name
 * how far that is, so that retention waits for it: so two offsets must not have one name.
 */
export interface CustomOffsets {
  /** The seq of the last event that was handled; null when there is none yet. */
  load(): Promise<number | null>;
  /** Stores it. Called after the handlers, once for several events. */
  save(seq: number): Promise<void>;
}

/** An offset that is nowhere but in memory: every process handles every event from its start on. */
export class MemoryOffsets implements CustomOffsets {
  private offset: number | null = null;

  load(): Promise<number | null> {
    return Promise.resolve(this.offset);
  }

  save(seq: number): Promise<void> {
    this.offset = seq;
    return Promise.resolve();
  }
}

/** One for each process, and each start of it. */
export function memoryOffsets(): CustomOffsets {
  return new MemoryOffsets();
}

/** @throws EventxOptionsError for what are no offsets, and for what needs the library's own tables */
export function assertCustomOffsetsFit(
  name: string,
  options: ResolvedConsumerOptions,
  offsets: CustomOffsets,
): void {
  if (typeof offsets?.load !== 'function' || typeof offsets.save !== 'function') {
    throw new EventxOptionsError(
      `Consumer "${name}": option "offsets" must have two functions: load(), which resolves to the seq of the last event that was ` +
        'handled, or to null, and save(seq).',
    );
  }
  if (options.transactional || options.retry.afterRetries !== 'halt') {
    throw new EventxOptionsError(
      `Consumer "${name}" keeps its offset itself, so it can be neither "transactional" nor park events: both need the offset ` +
        `in the log's database. Leave "offsets" out, or let save() join your own transaction.`,
    );
  }
}

/**
 * Such an offset as a store. There is no lease: every process that declares the consumer runs it, with the offset its own
 * functions give it. A halt lasts until the process ends.
 */
export class CustomOffsetStore<E extends SequencedEvent> implements ConsumerStore<E, never> {
  private fencingToken = 0;
  private owner: string | null = null;
  private paused = false;
  private halted = false;
  private lastError: string | null = null;
  private failingSince: Date | null = null;
  private stuck: StuckHandler | null = null;
  private seq: number | null = null;
  /** One save at a time: a late one would undo a seek that came after it. */
  private readonly saves = new InTurn();
  /** One note at a time, for the same reason. Not together with the saves: one of those may take for ever. */
  private readonly notings = new InTurn();
  /** Where seeks under way lead to. Nothing beyond is noted until they have ended. */
  private readonly destinations = new Set<Position>();

  /** @param notes where to say how far it is, for others; null where nobody else is to know */
  constructor(
    private readonly consumer: string,
    private readonly offsets: CustomOffsets,
    private readonly log: Pick<EventxStorage<E>, 'readState'>,
    private readonly notes: OffsetNotes | null = null,
  ) {}

  /** Whether retention hears of it through its notes. */
  get isNoted(): boolean {
    return this.notes !== null;
  }

  async register(_consumer: string, start: Destination): Promise<Placed> {
    if ((await this.load()) !== null) return 'placed';
    if ((await this.note(start, null, 0)) === 'gone') return 'gone';
    await this.saves.run(() => this.save(start.offset));
    return 'placed';
  }

  async records(): Promise<readonly ConsumerRecord[]> {
    const loaded = await this.load();
    if (loaded === null) return [];
    const { lastSeq } = await this.log.readState();
    // All of one moment: it may have got further, and halted there, meanwhile.
    const seq = this.seq ?? loaded;
    const { consumer, fencingToken, owner, paused, halted, lastError, failingSince, stuck } = this;
    return [
      {
        consumer,
        keptElsewhere: true,
        offset: seq,
        uuid: null,
        fencingToken,
        owner,
        lastOwner: owner,
        wantedBy: null,
        paused,
        halted,
        lastError,
        failingSince,
        stuck,
        lagEvents: Math.max(0, lastSeq - seq),
        lagMs: null,
      },
    ];
  }

  async acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null> {
    // Afresh: what was saved may have been rolled back together with the application's own rows.
    this.seq = null;
    const seq = await this.load();
    if (seq === null || this.paused || this.halted) return null;
    await this.note(null, owner, leaseMs);
    this.owner = owner;
    return {
      consumer,
      owner,
      fencingToken: ++this.fencingToken,
      offset: seq,
      uuid: null,
      endless: true,
    };
  }

  holder(): Promise<Holder> {
    const { owner, fencingToken } = this;
    return Promise.resolve({ owner, fencingToken });
  }

  /** Nothing to renew, but the occasion to say how far it has come. */
  async renew(owner: string, _consumers: readonly string[], leaseMs: number): Promise<void> {
    await this.note(null, owner, leaseMs);
  }

  async release(): Promise<void> {
    this.owner = null;
    await this.note(null, null, 0);
  }

  requestHandover(): Promise<void> {
    return Promise.resolve();
  }

  commit({ fencingToken }: Lease, { offset: seq }: Position): Promise<boolean> {
    return this.saves.run(async () => {
      if (fencingToken !== this.fencingToken) return false;
      await this.save(seq);
      return fencingToken === this.fencingToken;
    });
  }

  atomically(_work: (unit: ConsumerUnit<E, never>) => Promise<boolean>): Promise<boolean> {
    return Promise.reject(
      new EventxOptionsError(`Consumer "${this.consumer}" cannot park events.`),
    );
  }

  forgetHandled(): Promise<void> {
    return Promise.resolve();
  }

  handledAhead(): Promise<readonly number[]> {
    return Promise.resolve([]);
  }

  blockedKeys(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  report(_lease: Lease, error: string | null): Promise<void> {
    this.lastError = error;
    this.failingSince = error === null ? null : (this.failingSince ?? new Date());
    return Promise.resolve();
  }

  reportStuck(
    _lease: Lease,
    call: { readonly at: string; readonly forMs: number } | null,
  ): Promise<void> {
    this.stuck = call && { at: call.at, since: new Date(Date.now() - call.forMs) };
    return Promise.resolve();
  }

  halt(_lease: Lease, error: string): Promise<void> {
    this.halted = true;
    this.lastError = error;
    return Promise.resolve();
  }

  setPaused(_consumer: string, paused: boolean): Promise<boolean> {
    this.paused = paused;
    if (!paused) this.halted = false;
    return Promise.resolve(true);
  }

  /** A seek back is noted before it is saved, so that retention keeps what comes next. A seek onward is noted by the next heartbeat. */
  async seek(_consumer: string, to: Destination, lease?: Lease): Promise<Placed> {
    if (lease && lease.fencingToken !== this.fencingToken) return 'unknown';
    const now = await this.load();
    this.destinations.add(to);
    try {
      const leadsBack = now === null || to.offset < now;
      if (leadsBack && (await this.note(to, null, 0)) === 'gone') return 'gone';
      // What waits to be saved counts no more.
      this.fencingToken++;
      await this.saves.run(() => this.save(to.offset));
      return 'placed';
    } finally {
      this.destinations.delete(to);
    }
  }

  /** @throws EventxUsageError */
  remove(): Promise<boolean> {
    return Promise.reject(
      new EventxUsageError(
        `Consumer "${this.consumer}" keeps its offset itself, and is declared here: end it first, with its close(). Once no process ` +
          `declares it any more, consumers.remove('${this.consumer}') lets retention go on without it.`,
      ),
    );
  }

  /** @param to where it goes; null for where it is */
  private async note(
    to: Destination | null,
    owner: string | null,
    forMs: number,
  ): Promise<Exclude<Placed, 'unknown'>> {
    const { notes, consumer } = this;
    if (!notes) return 'placed';
    return this.notings.run(async () => {
      const at = to ?? this.place;
      if (!at) return 'placed';
      const seq = Math.min(
        at.offset,
        ...[...this.destinations].map((destination) => destination.offset),
      );
      return notes.note({ ...at, offset: seq, consumer, owner, forMs });
    });
  }

  /** It is there already, so that is noted whatever retention has deleted. */
  private get place(): Destination | null {
    return this.seq === null ? null : { offset: this.seq, uuid: null, evenIfGone: true };
  }

  private async load(): Promise<number | null> {
    if (this.seq === null) {
      const seq = await this.offsets.load();
      // Drivers give bigints as strings, too.
      if (seq !== null) this.seq = toSafeInteger(seq, `The offset of consumer "${this.consumer}"`);
    }
    return this.seq;
  }

  private async save(seq: number): Promise<void> {
    await this.offsets.save(seq);
    this.seq = seq;
  }
}
