import { describe, expect, test } from '@jest/globals';

import { Consumer } from '../../../lib/consumer/definition/consumer.js';
import { EventxDeadLetters } from '../../../lib/consumer/dead-letters.js';
import type { ConsumerSupervisor } from '../../../lib/consumer/ownership/supervisor.js';
import type { SequencedEvent } from '../../../lib/event/event.js';
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../../../lib/storage/index.js';
import { eventAt, range } from '../../support/stored-events.js';

/** Dead letters in memory, which counts what is read of them. */
class CountingStore implements DeadLetterStore<SequencedEvent, never> {
  reads = 0;
  rows = 0;
  private letters: DeadLetter[] = [];
  private lastId = 0;

  add(seq: number, key: string | null): void {
    this.letters.push({
      id: ++this.lastId,
      consumer: 'c',
      seq,
      type: 't',
      key,
      reason: 'failed',
      attempts: 1,
      failures: [],
      parkedAt: new Date(0),
      event: eventAt(seq),
    });
  }

  get left(): number[] {
    return this.letters.map(({ seq }) => seq).sort((a, b) => a - b);
  }

  find({ key, after, limit = 100 }: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    const found = this.letters
      .filter((letter) => key === undefined || letter.key === key)
      .filter(({ seq }) => !after || seq > after.seq)
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit);
    this.reads++;
    this.rows += found.length;
    return Promise.resolve(found);
  }

  get(id: number): Promise<DeadLetter | null> {
    return Promise.resolve(this.letters.find((letter) => letter.id === id) ?? null);
  }

  olderOfKey({ key, seq }: Pick<DeadLetter, 'key' | 'seq'>): Promise<DeadLetter | null> {
    const older = this.letters.filter((letter) => letter.key === key && letter.seq < seq);
    return Promise.resolve(older[0] ?? null);
  }

  claim(): Promise<boolean> {
    return Promise.resolve(true);
  }

  unclaim(): Promise<void> {
    return Promise.resolve();
  }

  deleteClaimed(id: number): Promise<boolean> {
    return this.discard(id);
  }

  async deleteClaimedWith(id: number, _claim: string, work: (manager: never) => Promise<void>) {
    await work(undefined as never);
    return this.discard(id);
  }

  discard(id: number): Promise<boolean> {
    const before = this.letters.length;
    this.letters = this.letters.filter((letter) => letter.id !== id);
    return Promise.resolve(this.letters.length < before);
  }

  async discardSome(filter: DeadLetterFilter): Promise<number> {
    const rows = this.rows;
    const found = await this.find(filter);
    // Only their ids.
    this.rows = rows;
    for (const { id } of found) await this.discard(id);
    return found.length;
  }
}

const COUNT = 3000;

describe('dead letters by the thousand', () => {
  const start = (handle: (event: SequencedEvent) => void, key: (seq: number) => string | null) => {
    const store = new CountingStore();
    range(1, COUNT).forEach((seq) => store.add(seq, key(seq)));
    const consumer = new Consumer<SequencedEvent, never>({
      name: 'c',
      options: { retry: { attempts: 1 }, afterRetries: 'park-key' },
      handlers: [{ types: '*', handle }],
    });
    const supervisor = { consumers: new Map([['c', consumer]]) };
    const letters = new EventxDeadLetters<SequencedEvent, never>(
      store,
      supervisor as unknown as ConsumerSupervisor<SequencedEvent, never>,
      undefined as never,
    );
    return { store, letters };
  };
  const no = () => {
    throw new Error('no');
  };

  test.each([
    ['that are handled', () => undefined, (seq: number) => `k${seq % 7}`, { replayed: COUNT }],
    ['that fail again', no, (seq: number) => `k${seq}`, { replayed: 0 }],
    ['that fail again, without keys', no, () => null, { replayed: 0 }],
    ['that wait behind a failed one', no, () => 'k', { replayed: 0, skipped: COUNT - 1 }],
  ])('%s: a replay reads each twice at most', async (_what, handle, key, result) => {
    const { store, letters } = start(handle, key);
    expect(await letters.replay({ consumer: 'c' })).toMatchObject(result);
    expect(store.rows).toBeLessThanOrEqual(2 * COUNT);
    expect(store.reads).toBeLessThanOrEqual(2 * (COUNT / 100 + 1));
  });

  test('those parked meanwhile are replayed, too, wherever they are in the order', async () => {
    const seen: number[] = [];
    const { store, letters } = start(
      ({ seq }) => {
        seen.push(seq);
        if (seq === 2000) [0.5, 2000.5, COUNT + 1].forEach((late) => store.add(late, null));
      },
      () => null,
    );
    expect(await letters.replay({ consumer: 'c' })).toMatchObject({ replayed: COUNT + 3 });
    expect(seen.filter((seq) => seq % 1 !== 0 || seq > COUNT)).toEqual([2000.5, COUNT + 1, 0.5]);
    expect(store.left).toEqual([]);
  });

  test('are discarded without their events being read', async () => {
    const { store, letters } = start(no, () => null);
    expect(await letters.discard({ consumer: 'c' })).toBe(COUNT);
    expect(store.left).toEqual([]);
    expect(store.rows).toBe(0);
  });
});
