import { expect } from '@jest/globals';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { PendingEvents } from '../../lib/log/pending-events.js';
import { type Round, Sequencer, type SequencerSettings } from '../../lib/log/sequencer.js';
import { RecentEvents } from '../../lib/log/recent-events.js';
import { FaultyStorage } from './faulty-storage.js';
import { ManualClock } from './manual-clock.js';
import { range, seqsOf } from './stored-events.js';

/** Small batches, so that a few events make several: 4 at first, 8 at most. */
export const SIZES = { base: 4, largest: 8, bytes: 1_000_000 };
const EVERYTHING = { count: 10_000, bytes: 1e9 };

/** A sequencer on a log in memory, without the loop around it. */
export class SequencerBench {
  table = new InMemoryEventStorage<number>();
  readonly storage = new FaultyStorage<InMemoryEvent<number>>(this.table);
  readonly clock = new ManualClock();
  /** `[head, lastSeq]` of each truncation that was told of. */
  readonly truncations: number[][] = [];
  window!: RecentEvents<InMemoryEvent<number>>;
  private sequencer!: ReturnType<SequencerBench['newSequencer']>;

  constructor() {
    this.restart();
  }

  /** As a new process. */
  restart(settings: Partial<SequencerSettings> = {}): void {
    this.window = newWindow();
    this.sequencer = this.newSequencer(this.window, settings);
  }

  /** Another process with the same faulty connection. */
  second() {
    const window = newWindow();
    const sequencer = this.newSequencer(window, {});
    return { window, drain: () => drain(sequencer) };
  }

  step(): Promise<Round> {
    return this.sequencer.step();
  }

  invalidate(): void {
    this.sequencer.invalidate();
  }

  /** Steps until there is nothing more to do, starting over after an error. @returns how many errors there were */
  drain(): Promise<number> {
    return drain(this.sequencer);
  }

  insert(count: number): readonly number[] {
    return this.table.insert(...range(1, count));
  }

  /** Another process numbers what is pending, without faults. */
  rival = async (): Promise<void> => {
    const pending = await this.table.readPending(1000);
    if (pending.length > 0) await this.table.sequence(await this.table.readState(), pending);
  };

  /** Another log in place of the old one. */
  replaceLog(): void {
    this.table = new InMemoryEventStorage();
    this.storage.replace(this.table);
  }

  get held(): readonly InMemoryEvent<number>[] {
    return this.window.read(this.window.first, EVERYTHING);
  }

  get heldSeqs(): number[] {
    return seqsOf(this.held);
  }

  get heldIds(): number[] {
    return this.held.map(({ id }) => id);
  }

  /** The table has the numbers 1 to `count`, and the window ends there without a hole. */
  async expectAll(count: number): Promise<void> {
    expect(seqsOf(await this.table.read(1, EVERYTHING.count))).toEqual(range(1, count));
    expect(this.heldSeqs).toEqual(range(this.window.first, count));
    expect(this.window.head).toBe(count);
  }

  private newSequencer(
    window: RecentEvents<InMemoryEvent<number>>,
    settings: Partial<SequencerSettings>,
  ) {
    const all = { sizes: SIZES, initialWindow: 100, numbers: true, ...settings };
    const events = {
      truncated: (head: number, lastSeq: number) => this.truncations.push([head, lastSeq]),
    };
    const pending = new PendingEvents(this.storage, all.sizes, this.clock, () => undefined);
    return new Sequencer(this.storage, window, all, events, pending);
  }
}

const newWindow = () => new RecentEvents<InMemoryEvent<number>>({ count: 1000, bytes: 1_000_000 });

async function drain(sequencer: { step(): Promise<Round> }): Promise<number> {
  for (let errors = 0; ;) {
    try {
      if ((await sequencer.step()) === 'idle') return errors;
    } catch {
      errors++;
    }
  }
}
