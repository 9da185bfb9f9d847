import { setImmediate as nextTurn } from 'node:timers/promises';

import { type SequenceResult, EventxEvent, type EventxStorage, type LogState } from 'nestjs-eventx';

import { payload } from './payload.js';

interface Pending {
  readonly id: number;
  readonly size: number;
}

/** A log whose backlog is there at once and costs nothing: what remains is the library's own work. */
export class EndlessLog implements EventxStorage<EventxEvent, Pending> {
  private lastSeq = 0;
  private readonly stored = {
    id: 0,
    uuid: '0198c0de-0000-7000-8000-000000000000',
    type: 'order.placed',
    key: null,
    headers: null,
    data: Buffer.from(JSON.stringify(payload(200))),
    createdAt: 0,
  };

  /** @param count events in all */
  constructor(private readonly count: number) {}

  readState(): Promise<LogState> {
    return Promise.resolve({ lastSeq: this.lastSeq, logId: 'bench' });
  }

  async readPending(limit: number): Promise<readonly Pending[]> {
    // An answer from a database never comes in the same turn of the event loop either.
    await nextTurn();
    const length = Math.min(limit, this.count - this.lastSeq);
    return Array.from({ length }, (_, n) => ({ id: this.lastSeq + 1 + n, size: 300 }));
  }

  sequence(log: LogState, pending: readonly Pending[]): Promise<SequenceResult<EventxEvent>> {
    const events = pending.map(({ id }) => new EventxEvent(id, { ...this.stored, id }));
    this.lastSeq = log.lastSeq + pending.length;
    return Promise.resolve({ outcome: 'sequenced', events });
  }

  read(): Promise<readonly EventxEvent[]> {
    throw new Error('A subscriber fell behind the window.');
  }

  readLast(): Promise<readonly EventxEvent[]> {
    return Promise.resolve([]);
  }
}
