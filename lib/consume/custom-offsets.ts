import { EventxOptionsError } from '../core/errors.js';
import type { SequencedEvent } from '../core/event.js';
import { toSafeInteger } from '../core/safe-integer.js';
import type {
  ConsumerRecord,
  ConsumerStore,
  ConsumerUnit,
  EventxStorage,
  Holder,
  Lease,
  Placed,
  Position,
  StuckHandler,
} from '../storage/index.js';
import type { ResolvedConsumerOptions } from './consumer-options.js';

/** An offset that the application keeps itself, e.g. beside what its handlers write (Go: `GetSequenceFunc`, `SetSequenceFunc`). */
export interface CustomOffsets {
  /** The seq of the last event that was handled; null when there is none yet. */
  load(): Promise<number | null>;
  /** Stores it. Called after the handlers, once for several events. */
  save(seq: number): Promise<void>;
}

/** An offset that is nowhere but in memory: every process handles every event from its start on. */
export function memoryOffsets(): CustomOffsets {
  let offset: number | null = null;
  return {
    load: () => Promise.resolve(offset),
    save: (seq) => {
      offset = seq;
      return Promise.resolve();
    },
  };
}

/** @throws EventxOptionsError for what needs the library's own tables */
export function assertCustomOffsetsFit(name: string, options: ResolvedConsumerOptions): void {
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
  private epoch = 0;
  private owner: string | null = null;
  private paused = false;
  private halted = false;
  private lastError: string | null = null;
  private failingSince: Date | null = null;
  private stuck: StuckHandler | null = null;
  private seq: number | null = null;

  constructor(
    private readonly consumer: string,
    private readonly offsets: CustomOffsets,
    private readonly log: Pick<EventxStorage<E>, 'readState'>,
  ) {}

  async register(_consumer: string, start: Position): Promise<Placed> {
    if ((await this.load()) === null) await this.save(start.seq);
    return 'placed';
  }

  async records(): Promise<readonly ConsumerRecord[]> {
    const seq = await this.load();
    if (seq === null) return [];
    const { lastSeq } = await this.log.readState();
    const { consumer, epoch, owner, paused, halted, lastError, failingSince, stuck } = this;
    return [
      {
        consumer,
        seq,
        uuid: null,
        epoch,
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

  async acquire(consumer: string, owner: string): Promise<Lease | null> {
    // Afresh: what was saved may have been rolled back together with the application's own rows.
    this.seq = null;
    const seq = await this.load();
    if (seq === null || this.paused || this.halted) return null;
    this.owner = owner;
    return { consumer, owner, epoch: ++this.epoch, seq, uuid: null, endless: true };
  }

  holder(): Promise<Holder> {
    const { owner, epoch } = this;
    return Promise.resolve({ owner, epoch });
  }

  renew(): Promise<void> {
    return Promise.resolve();
  }

  release(): Promise<void> {
    this.owner = null;
    return Promise.resolve();
  }

  want(): Promise<void> {
    return Promise.resolve();
  }

  async commit({ epoch }: Lease, { seq }: Position): Promise<boolean> {
    if (epoch !== this.epoch) return false;
    await this.save(seq);
    return true;
  }

  atomically(_work: (unit: ConsumerUnit<E, never>) => Promise<boolean>): Promise<boolean> {
    return Promise.reject(
      new EventxOptionsError(`Consumer "${this.consumer}" cannot park events.`),
    );
  }

  forgetDone(): Promise<void> {
    return Promise.resolve();
  }

  doneAhead(): Promise<readonly number[]> {
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

  async seek(_consumer: string, { seq }: Position): Promise<Placed> {
    this.epoch++;
    await this.save(seq);
    return 'placed';
  }

  remove(): Promise<boolean> {
    return Promise.resolve(false);
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
