import { setImmediate as nextTurn } from 'node:timers/promises';

import { type SequenceResult, EventxEvent, type EventxStorage, type LogState } from 'nestjs-eventx';

interface Pending {
  readonly id: number;
  readonly size: number;
}

const SIZE = 1024;

/** A log that holds nothing and has every event: each is made anew, with a payload of its own, whenever it is asked for. */
export class EndlessLog implements EventxStorage<EventxEvent, Pending> {
  private lastSeq = 0;

  /** @param limit up to where there are events as yet */
  constructor(private readonly limit: () => number) {}

  readState(): Promise<LogState> {
    return Promise.resolve({ lastSeq: this.lastSeq, logId: 'endless' });
  }

  async readPending(limit: number): Promise<readonly Pending[]> {
    // An answer from a database never comes in the same turn of the event loop either.
    await nextTurn();
    const length = Math.max(0, Math.min(limit, this.limit() - this.lastSeq));
    return Array.from({ length }, (_, n) => ({ id: this.lastSeq + 1 + n, size: SIZE }));
  }

  sequence(log: LogState, pending: readonly Pending[]): Promise<SequenceResult<EventxEvent>> {
    this.lastSeq = log.lastSeq + pending.length;
    return Promise.resolve({ outcome: 'sequenced', events: pending.map(({ id }) => eventAt(id)) });
  }

  async read(from: number, limit: number): Promise<readonly EventxEvent[]> {
    await nextTurn();
    const length = Math.max(0, Math.min(limit, this.lastSeq - from + 1));
    return Array.from({ length }, (_, n) => eventAt(from + n));
  }

  readLast(limit: number): Promise<readonly EventxEvent[]> {
    return this.read(Math.max(1, this.lastSeq - limit + 1), limit);
  }
}

/** No two share anything: what is kept is kept whole. */
function eventAt(seq: number): EventxEvent {
  const data = Buffer.alloc(SIZE, ' ');
  data.write(String(seq));
  const uuid = `0198c0de-0000-7000-8000-${String(seq).padStart(12, '0')}`;
  const key = `k${seq % 100}`;
  return new EventxEvent(seq, {
    id: seq,
    uuid,
    type: 'order.placed',
    key,
    headers: null,
    data,
    createdAt: 0,
  });
}
