import { describe, expect, test } from '@jest/globals';

import {
  CustomOffsetStore,
  type CustomOffsets,
} from '../../../lib/consumer/ownership/custom-offsets.js';
import type { SequencedEvent } from '../../../lib/event/event.js';
import type { OffsetNote, OffsetNotes } from '../../../lib/storage/index.js';
import { until } from '../../support/until.js';

const at = (seq: number) => ({ offset: seq, uuid: null });

/** Another store, which saves when it is told to. */
class SlowOffsets implements CustomOffsets {
  /** What was saved, in order; the last is what it has. */
  readonly saved: number[];
  private readonly waiting: (() => void)[] = [];

  constructor(
    seq: number,
    /** Whether saves wait. */
    public slow = false,
  ) {
    this.saved = [seq];
  }

  load(): Promise<number> {
    return Promise.resolve(this.saved.at(-1)!);
  }

  async save(seq: number): Promise<void> {
    if (this.slow) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.saved.push(seq);
  }

  async underWay(count: number): Promise<void> {
    await until(() => this.waiting.length === count, { what: `${count} saves under way` });
  }

  /** The last first, as a network may do it. */
  finish(): void {
    this.slow = false;
    for (const save of this.waiting.splice(0).reverse()) save();
  }
}

class Notes implements OffsetNotes {
  readonly seqs: number[] = [];
  /** Steps back before this seq find their events deleted. */
  first = 1;

  note({ offset: seq, evenIfGone }: OffsetNote): Promise<'placed' | 'gone'> {
    if (seq + 1 < this.first && !evenIfGone) return Promise.resolve('gone');
    this.seqs.push(seq);
    return Promise.resolve('placed');
  }
}

const log = { readState: () => Promise.resolve({ lastSeq: 100, logId: 'e' }) };

describe('an offset that is kept elsewhere', () => {
  const start = async (seq: number) => {
    const offsets = new SlowOffsets(seq);
    const notes = new Notes();
    const store = new CustomOffsetStore<SequencedEvent>('c', offsets, log, notes);
    const lease = (await store.acquire('c', 'me', 1000))!;
    offsets.slow = true;
    return { offsets, notes, store, lease };
  };

  test('a save that was under way when it was moved does not undo that, however late it ends', async () => {
    const { offsets, store, lease } = await start(10);
    const commit = store.commit(lease, at(15));
    await offsets.underWay(1);
    const queued = store.commit(lease, at(16));
    const seek = store.seek('c', at(3));
    // What the seek saves may be on its way beside it, or wait for it.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    offsets.finish();
    expect(await seek).toBe('placed');
    expect(await commit).toBe(false);
    expect(await queued).toBe(false);
    expect(offsets.saved.at(-1)).toBe(3);
    expect(offsets.saved).not.toContain(16);
    expect(await store.commit(lease, at(17))).toBe(false);
    expect(await store.records()).toMatchObject([{ offset: 3 }]);
  });

  test('of two seeks the last one counts', async () => {
    const { offsets, store } = await start(10);
    const seeks = [store.seek('c', at(3)), store.seek('c', at(7))];
    await offsets.underWay(1);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    offsets.finish();
    await Promise.all(seeks);
    expect(offsets.saved.at(-1)).toBe(7);
  });

  test('a run that has lost its place cannot move it any more', async () => {
    const { offsets, store, lease } = await start(10);
    offsets.slow = false;
    await store.seek('c', at(3));
    expect(await store.seek('c', at(99), lease)).toBe('unknown');
    expect(offsets.saved).toEqual([10, 3]);
  });

  test('retention hears of a step back before it is saved, of a step on after it, and of nothing beyond', async () => {
    const { offsets, notes, store } = await start(10);
    expect(notes.seqs).toEqual([10]);
    const back = store.seek('c', at(4));
    await offsets.underWay(1);
    expect(notes.seqs).toEqual([10, 4]);
    // Meanwhile its place is 10 still.
    await store.renew('me', ['c'], 1000);
    expect(notes.seqs).toEqual([10, 4, 4]);
    offsets.finish();
    await back;

    offsets.slow = true;
    const on = store.seek('c', at(50));
    await offsets.underWay(1);
    await store.renew('me', ['c'], 1000);
    expect(notes.seqs).toEqual([10, 4, 4, 4]);
    offsets.finish();
    await on;
    await store.release();
    expect(notes.seqs).toEqual([10, 4, 4, 4, 50]);
  });

  test('it is not moved to where events are gone, unless that is meant', async () => {
    const { offsets, notes, store } = await start(10);
    offsets.slow = false;
    notes.first = 9;
    expect(await store.seek('c', at(3))).toBe('gone');
    expect(offsets.saved).toEqual([10]);
    expect(await store.seek('c', { ...at(3), evenIfGone: true })).toBe('placed');
    expect(offsets.saved).toEqual([10, 3]);
  });
});
